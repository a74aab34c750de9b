// Package dialect says what a bank is: a value with a name, a look, defaults for its tokens, a table of routes and one way to refuse.
//
// The table is data: it feeds the router, the journal's labels, the metrics, the start page, the page of endpoints and the tests that
// every bank goes through. A bank is not an interface and has no base class; what banks share they call in wire. A sixth bank is a folder with one
// function that returns a Dialect, a fixture file, and a line in the server's list of banks.
//
//	func New() dialect.Dialect {
//		return dialect.Dialect{Name: "yoisho", Title: "Yoisho", Routes: []dialect.Route{
//			{Method: "GET", Path: "/account/info", Op: "info", Doc: "who the account owner is", Do: info}}}
//	}
package dialect

import (
	"sandbank/server/fail"
	"sandbank/server/flow"
	"sandbank/server/grant"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
	"sandbank/server/magic"
)

// Dialect is one bank.
type Dialect struct {
	Name      string         // in URLs, flags and fixtures: "berlin"
	Title     string         // for people: "Berlin"
	About     string         // one sentence on which real bank's ways these are
	Brand     page.Brand     // the look of its pages
	Defaults  grant.Settings // the lives of its tokens and its own rules; see grant.Profile.Settings for the knobs that come with these
	Original  grant.Settings // what stands in for some of them with --fidelity bank=original
	Form      grant.Form     // the values of its tokens; nil: 256 bits of base64url
	Settle    grant.Settle   // what it alone remembers of its consents; nil: nothing
	Routes    []Route
	Authority wire.Authority        // what it is as an authorization server
	Error     Refuse                // renders every refusal that its route does not render itself
	Door      grant.Door            // how people and machines get tokens; First goes there by itself
	First     string                // where its flow begins: a native path, with the query that makes it a link for its demo client
	Demo      string                // client id of the demo client
	Recipe    []Step                // the shortest way to an answer, command by command
	Flow      flow.Flow             // the same way with its end, for the lab: requests to send, to read and to break
	Claims    func(*wire.Call) bool // whether a call on a path that another bank has too is meant for this one, when neither client nor token tell
	People    bool                  // whether people log in here, so that it has a page of connections
	Ways      magic.Ways            // what a login with flags may ask for here
	Quirks    []Quirk
}

// Step is one command of a recipe; {base} stands for the base URL.
type Step struct{ Title, Text string }

// Quirk is an accident of the original that "--fidelity bank=original" brings back.
type Quirk struct{ What string }

// Refuse renders a refusal.
type Refuse func(*wire.Call, *fail.Error) error

// Route is one operation under one path. Path has {names} for variable segments. Two routes with one Op are aliases.
type Route struct {
	Method string
	Path   string
	Op     string
	Doc    string
	Do     func(*wire.Call) error
	Refuse Refuse // nil: the bank's Error
	Own    bool   // answers only under /{bank}, because the path says nothing about which bank is meant
	AS     bool   // the authorization server answers: logins, codes, tokens, their revocation; otherwise the resource server does
	Open   bool   // carries neither client id nor token, so that a second bank could not share the path

	Endpoint string // the name of what this route serves in the metadata of RFC 8414, as "token_endpoint"; empty: it is not in there
}

// Profile is what the core needs to know.
func (d *Dialect) Profile() grant.Profile {
	door := d.Door
	door.First = d.First
	return grant.Profile{Bank: d.Name, Title: d.Title, Scopes: d.Authority.AllScopes(), Defaults: d.Defaults, Original: d.Original, Form: d.Form, Settle: d.Settle, Door: door}
}

// All are the bank's routes with those that every bank with people has.
func (d *Dialect) All() []Route {
	if !d.People {
		return d.Routes
	}
	return append(append([]Route(nil), d.Routes...), connections()...)
}

// OAuth renders refusals of token endpoints by RFC 6749 §5.2.
func OAuth(c *wire.Call, e *fail.Error) error { return c.OAuthRefusal(e) }

// Page renders refusals of pages.
func Page(c *wire.Call, e *fail.Error) error { return c.Refused(e) }
