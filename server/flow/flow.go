// Package flow owns walks through banks: a bank's own way from nothing to a token, and on to the token's end, step by step, as data.
//
// A step is one request, written down as text with {names} in it, and what its answer gives to the steps behind it. The package fills
// requests in, reads answers, and breaks requests on purpose. It sends nothing and knows no HTTP library and no bank: each bank writes its
// own Flow down beside its routes, and whoever shows the walk sends the requests.
//
//	got := flow.Values{"client_id": "app"}
//	got.Take(step.Gives, flow.Answer{Head: head, Body: body}) // {"code": "4512…"}
//	request := next.Fill(got, nil)
package flow

// Flow is one bank's way.
type Flow struct {
	Bank   string    `json:"bank"`
	Title  string    `json:"title"`
	Client string    `json:"client"`         // id of the client that walks it unless another is chosen
	Lead   string    `json:"lead"`           // a sentence on what is special about it
	Lanes  [4]string `json:"lanes"`          // who talks, from left to right; an empty one takes no part
	User   string    `json:"user,omitempty"` // login of the person that walks it unless another is chosen; empty: nobody logs in
	Steps  []Step    `json:"steps"`
}

// Lane is one of those who talk, as an index into Lanes from 1 on.
type Lane int

// The lanes as most banks have them.
const (
	Browser Lane = 1 + iota
	App
	Login // the bank's OAuth server and its pages
	API
)

// Lanes are their names.
func Lanes() [4]string { return [4]string{"Browser", "App", "Bank login", "Bank API"} }

// Step is one request and its answer.
type Step struct {
	Name    string  `json:"name"`  // in the row of steps: "Token"
	Title   string  `json:"title"` // "Swap the code for tokens"
	Text    string  `json:"text"`  // what happens, in a sentence or two
	From    Lane    `json:"from"`
	To      Lane    `json:"to"`
	Request string  `json:"request"` // a line with method and path, headers, an empty line, a body; with {names}, see Fill
	Gives   []Give  `json:"gives,omitempty"`
	Says    string  `json:"says,omitempty"` // what a good answer brings, in few words: "access token"
	Hops    []Hop   `json:"hops,omitempty"` // what follows without a request to the bank
	Ends    string  `json:"ends,omitempty"` // name of a token or code of this walk that must still live
	Wait    string  `json:"wait,omitempty"` // name of a token that must have expired first
	Refused bool    `json:"refused,omitempty"`
	Notes   []Note  `json:"notes,omitempty"`
	Breaks  []Break `json:"breaks,omitempty"`
}

// Give is a value that an answer brings, and where it stands there: "json:consentId", "query:code" of the Location, "location" (its path
// and query), "cookie:name", "field:name" (of the page's form), or "form" (all fields of the page's form that are not asked for).
type Give struct {
	Name string `json:"name"`
	From string `json:"from"`
}

// Hop is a message that the bank does not see.
type Hop struct {
	From Lane   `json:"from"`
	To   Lane   `json:"to"`
	Text string `json:"text"`
}

// Note explains a field of an answer.
type Note struct {
	Field string `json:"field"` // of JSON, dotted; or a header, or a parameter of Location
	Text  string `json:"text"`
}

// Break is a way to spoil a step: by a changed request, by sending it twice, or by a lever that is pulled first.
type Break struct {
	Name  string `json:"name"` // in addresses
	Title string `json:"title"`
	Text  string `json:"text"` // what will come of it, and what a client learns
	Edits []Edit `json:"edits,omitempty"`
	Twice bool   `json:"twice,omitempty"`
	Wait  string `json:"wait,omitempty"`  // name of a token or code whose end is waited for
	Lever string `json:"lever,omitempty"` // Revoke, Unscope
	Of    string `json:"of,omitempty"`    // name of the token that it bends
}

// The levers of breaks.
const (
	Revoke  = "revoke"  // the token
	Unscope = "unscope" // takes its scope away
)

// Edit replaces a piece of the request's text, before it is filled in.
type Edit struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// Break is the step's break of this name, or nil.
func (s *Step) Break(name string) *Break {
	for i := range s.Breaks {
		if s.Breaks[i].Name == name {
			return &s.Breaks[i]
		}
	}
	return nil
}

// Direct tells whether a browser can go there by a link.
func (r *Request) Direct() bool { return r.Method == "GET" && r.Body == "" && r.Head == "" }
