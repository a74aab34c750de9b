// Package page owns what a bank's customer sees: login, bank choice, confirmation code, consent, connections, messages. Plain
// accessible HTML forms that work without JavaScript, in the bank's own look, with Sandbank's strip on top.
//
// A bank fills one of the structs below and renders it; what the forms mean is the bank's and wire's business, not this package's. It
// knows no HTTP, no grant and no ledger: only texts, fields and URLs.
//
//	html, err := page.Render(page.Login{Frame: frame, Heading: "Log in to let an app see your account", …})
package page

import (
	"html/template"
	"time"
)

// Brand is how a bank looks; one value per bank, in the bank's own package.
type Brand struct {
	Bank string        // the data-bank attribute: yoisho, berlin, sparebank1, s2s, finapi
	Name string        // "Yoisho Consumer Banking"
	Foot string        // "Yoisho Bank, Sapporo. A bank that does not exist."
	Mark template.HTML // the inside of a 32×32 SVG, fill is the brand's spot colour
}

// Field is one form field, hidden unless the struct that holds it says otherwise.
type Field struct{ Name, Value string }

// Frame is what every page shares.
type Frame struct {
	Brand       Brand
	Root        string    // prefix of asset URLs: "" at the root, "/s/p07" in a space
	Now         time.Time // the space's clock
	Speed       float64   // virtual seconds per real second; 0 while frozen
	Ends        time.Time // when this page stops working; zero: it does not
	Connections string    // URL of "Apps with access"; empty: no such link
	Console     string    // URL of the console
	User        string    // who is logged in; empty: nobody
}

// Ask is one thing that the app will see or do.
type Ask struct {
	Icon string // user, clock, list, bank, rotate, card, consent
	Name string // "Your personal details"
	Note string // "Name, address and contact"
}

// Login is the page with user name and password; where a bank asks for consent on the same page, Asks says what for.
type Login struct {
	Frame
	Heading  string // h1
	Client   string // the app's display name, hostile text
	ClientID string
	Return   string // host of the redirect URI
	Method   string // get or post
	Action   string // URL of the form
	Hidden   []Field
	UserName Field    // visible: name of the field and what was typed
	Password string   // name of the password field
	UserHint string   // label of the user field: "User name", "National identity number"
	Demo     []string // names that the strip offers; each is also a submit button named "demo", so that it works without script
	Magic    []Field  // logins with a flag that the strip offers too, and what each does; empty: they do not work here
	Steps    []string // names of all steps, empty: no track
	Step     int      // index of the present one
	Alert    string   // why the last try failed; empty: no alert
	AlertTip string   // what to do about it
	Wrong    []Field  // flags of the last try that were not understood, and why
	Flags    []Field  // beside those: all that there are, and what each does
	Submit   string   // "Log in and allow"
	Deny     bool     // whether a button named deny, value 1, is shown
	Asks     []Ask
	AskTitle string // "The app will see"
	Limit    string // "It cannot move money or change anything."
}

// Choice is one account, or one bank, to choose.
type Choice struct {
	Value, Name, Note, Figure string
	On, Off                   bool // checked; disabled
}

// Consent is the page on which the customer allows or denies.
type Consent struct {
	Frame
	Heading string
	Client  string
	Return  string
	Action  string // POST
	Hidden  []Field
	Steps   []string
	Step    int
	Title   string   // legend of the choices: "Accounts to share"
	Choices []Choice // checkboxes named "account"; empty: nothing to choose
	Fixed   bool     // the consent names its accounts: they are shown, not chosen
	EndsOn  string   // "Access ends on 3 March 2027"
	EndNote string   // "90 days, up to 4 times a day"
	Alert   string
	Submit  string // "Allow"
	Asks    []Ask
	AskTitle,
	Limit,
	Note string // small print: "Consent cs_77a, asked for on 3 December 2026 at 16:42. …"
}

// Picker is the choice of a bank within a group (SpareBank 1).
type Picker struct {
	Frame
	Heading, Lead string
	Action        string // GET
	Hidden        []Field
	Name          string // field of the radio buttons: finInst
	Choices       []Choice
	Submit        string
}

// Code is the second step of a strong authentication: the code that a device shows, printed in the strip because this is a sandbox.
type Code struct {
	Frame
	Heading, Lead string
	Action        string // POST
	Hidden        []Field
	Name          string // field of the code
	Value         string // the right code, shown in the strip; a submit button named "demo" fills it in
	Steps         []string
	Step          int
	Alert         string
	Submit        string
	Deny          bool
}

// Device is where a person types the code that a device without a browser shows (RFC 8628).
type Device struct {
	Frame
	Heading, Lead string
	Action        string // POST
	Name          string // field of the code
	Value         string // what is filled in: from the device's link, or typed before
	Alert         string
	Submit        string
	Warning       string // small print below the button
}

// Connection is one client that has access.
type Connection struct {
	ID      string // value of the revoke button
	Client  string
	Scope   string
	Since   time.Time
	Until   time.Time // zero: no end
	Details []string  // accounts, rights
	Ended   string    // why it ended: "revoked by you 10 s ago"; empty: it is live
}

// Connections is the page on which the customer takes access back.
type Connections struct {
	Frame
	Action string // POST; buttons named revoke, value Connection.ID; and logout
	Hidden []Field
	Live   []Connection
	Ended  []Connection
	Notice string // "bg-demo has no access any more."
}

// Handover is the form that takes an answer to the app. With script it goes by itself.
type Handover struct {
	Frame
	Heading string
	Return  string // host of the redirect URI
	Action  string // the redirect URI; POST
	Hidden  []Field
}

// Message says one thing and ends the flow: an error that must not be redirected, an expired page, an answer already given.
type Message struct {
	Frame
	Heading string
	Text    string
	Detail  []Field // facts: error code, client id, what was registered
	Link    Field   // where to go on: label and URL
	Status  int     // shown small; 0: not
}
