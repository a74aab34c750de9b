package dialect

// Leg is one request of a bank's trip, the way of a client from nothing to an answer, as data: whoever writes it down as a program, a
// collection or a script fills in the {holes}. These are client_id, client_secret, redirect_uri, scope, state, challenge and verifier of
// PKCE, service_id and service_secret, login and password, and what earlier legs took.
type Leg struct {
	Title  string
	Method string
	Path   string // native path
	Query  [][2]string
	Head   [][2]string
	Form   [][2]string
	JSON   string
	Basic  bool        // with the client's credentials
	Page   bool        // a person opens it, and ends at the redirect URI with the code, which is taken
	Take   [][2]string // what later legs need: hole, field of the answer
}

// bearer is the header of a call with an access token.
func bearer() [2]string { return [2]string{"Authorization", "Bearer {token}"} }

// Ask is the leg that a trip is made for.
func Ask(title, path string, more ...[2]string) Leg {
	return Leg{Title: title, Method: "GET", Path: path, Head: append([][2]string{bearer()}, more...)}
}

// Tokens are what a token endpoint's answer gives to later legs.
func Tokens() [][2]string {
	return [][2]string{{"token", "access_token"}, {"refresh", "refresh_token"}}
}
