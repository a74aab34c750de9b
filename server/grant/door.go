package grant

// Door tells whoever made a person or a client up how these get tokens at a bank.
type Door struct {
	First   string  // path where a person's flow begins, with the query that makes it a link for the demo client
	Fields  []Field // what is typed there, or sent, in this order
	Note    string
	Scope   string // of whoever asks for none, with a client that is registered for none either; empty: none
	Machine string // how clients act without anybody at the keyboard: ByCredentials, ByService; empty: they do not
}

// Field is one thing to type. In Value, {login}, {password} and {nationalId} stand for the person's.
type Field struct{ Name, Value, Note string }

// The ways in which clients act without a person at the keyboard.
const (
	ByCredentials = "client_credentials" // RFC 6749 §4.4: the client's own tokens
	ByService     = "service account"    // a second id and secret, which act for one person
)
