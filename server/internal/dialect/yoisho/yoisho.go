// Package yoisho speaks as the Yoisho account API does: a small three-legged flow by GET alone, tokens of 60 seconds, and 400 with one
// error text for everything that goes wrong. Source: sources/yoisho.txt and banks.md section 1.
//
// Accidents of the original are left out: pages of status 500, jane told to be dave, forgeable tokens, codes that work again, redirects
// that lose their prefix. With fidelity "original" those come back that a client can meet without harm.
package yoisho

import (
	"encoding/base64"
	"strconv"
	"time"

	"sandbank/server/clock"
	"sandbank/server/dice"
	"sandbank/server/grant"
	"sandbank/server/internal/dialect"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
	"sandbank/server/magic"
)

const name = "yoisho"

// scope is the only one; nobody asks for it.
const scope = "read"

// New is the bank.
func New() dialect.Dialect {
	d := dialect.Dialect{
		Name: name, Title: "Yoisho", People: true, Ways: magic.Ways{Redirect: true}, Demo: "7b6fc8ed5127b0b2f076d",
		About: "the Yoisho account API: a three-legged flow by GET, tokens that live 60 seconds",
		Brand: page.Brand{Bank: name, Name: "Yoisho Consumer Banking", Foot: "Yoisho Bank, Sapporo. A bank that does not exist.",
			Mark: `<circle cx="16" cy="13" r="9"/><path d="M2 26c5 0 5-3 9.3-3s4.7 3 9.4 3 4.7-3 9.3-3v6H2z" fill="#fff"/>`},
		Defaults: grant.Settings{
			grant.CodeTTL:    grant.Lifetime(10 * time.Minute), // RFC 6749 §4.1.2 at most; the original forgets none
			grant.AccessTTL:  grant.Lifetime(60 * time.Second),
			grant.PageTTL:    grant.Lifetime(10 * time.Minute),
			grant.SessionTTL: grant.Lifetime(clock.Day / 24),
			grant.Attempts:   grant.Count(0),
			grant.Fidelity:   grant.Choice(grant.Faithful),
			grant.PKCE:       grant.Choice(grant.PKCES256),
			grant.Iss:        grant.Choice(grant.IssRight),
			grant.ExpiresIn:  grant.Choice(grant.TellOmit), // the document's answer has three fields
		},
		Original:  grant.Settings{grant.AccessTTL: grant.Lifetime(30 * time.Second)}, // its source says 30, its documents 60
		Authority: wire.Authority{Scopes: []string{scope}, Grants: []string{"authorization_code", grant.DeviceCode}, Entry: entry()},
		Form:      form,
		Error:     refuse,
		Door:      grant.Door{Scope: scope, Fields: []grant.Field{{Name: "uname", Value: "{login}"}, {Name: "psw", Value: "{password}"}}},
		First:     "/account/authorize?redirect_uri=http://127.0.0.1:9000/cb&client_id=7b6fc8ed5127b0b2f076d",
		Flow:      way(),
		Recipe: []dialect.Step{
			{Title: "Log in as dave: the redirect carries a code", Text: "curl -si '{base}/account/loggedin?uname=dave&psw=x&client_id=7b6fc8ed5127b0b2f076d&redirect=http://127.0.0.1:9000/cb&token=x' | grep -i location"},
			{Title: "Swap the code for a token", Text: "curl '{base}/account/access_token?code=CODE&client_id=7b6fc8ed5127b0b2f076d&client_secret=724e6890757b0ae624684b70e111b705fe6b050c'"},
			{Title: "Ask, and again after 60 s", Text: "curl {base}/account/balance -H 'Authorization: Bearer TOKEN'"},
		},
		Quirks: []dialect.Quirk{{What: "codes can be exchanged again"}, {What: "jane's info says account_owner dave"},
			{What: "tokens live 30 seconds, as in the original's source, unless a policy says otherwise"}},
	}
	// The original's own README mounts it at the root, the document under /account: clients of both kinds exist.
	for _, prefix := range []string{"/account", ""} {
		d.Routes = append(d.Routes,
			dialect.Route{Method: "GET", Path: prefix + "/authorize", Op: "authorize", Doc: "login page; redirect_uri, client_id", Do: authorize, AS: true},
			dialect.Route{Method: "GET", Path: prefix + "/loggedin", Op: "login", Doc: "the page's form; redirects with ?code=", Do: login, AS: true},
			dialect.Route{Method: "GET", Path: prefix + "/access_token", Op: "token", Doc: "code, client_id, client_secret → access_token", Do: token, AS: true},
			dialect.Route{Method: "GET", Path: prefix + "/info", Op: "info", Doc: "who the account owner is", Do: info},
			dialect.Route{Method: "GET", Path: prefix + "/balance", Op: "balance", Doc: "the account balance", Do: balance},
			dialect.Route{Method: "GET", Path: prefix + "/home", Op: "home", Doc: "says that the API is up", Do: home, Open: true},
		)
	}
	d.Routes = append(d.Routes, standardRoutes()...)
	return d
}

// form deals values as the original does: codes of seven digits beginning with 4 (dave) or 6, tokens of 39 random characters behind e
// (dave) or f, and the second of issue in base64 behind a dot. They are looked up here, not believed.
func form(d *dice.Dice, kind grant.Kind, g *grant.Grant, now time.Time) string {
	dave := g.Owner == name+"/dave"
	pick := func(his, others string) string {
		if dave {
			return his
		}
		return others
	}
	if kind == grant.Code {
		return pick("4", "6") + strconv.FormatInt(d.Between(112111, 999999), 10)
	}
	return pick("e", "f") + d.Text(dice.Alnum, 39) + "." + base64.URLEncoding.EncodeToString([]byte(strconv.FormatInt(now.Unix(), 10)))
}
