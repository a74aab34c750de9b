package admin

import (
	"slices"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

// TokenOrder asks for a token as if somebody had walked the flow. Its value has the form of the bank's.
type TokenOrder struct {
	Bank        string     `json:"bank"`
	Client      string     `json:"client"`
	User        string     `json:"user,omitempty"`        // login, or bank/login; empty: the client's own token, or the consent's user
	Kind        grant.Kind `json:"kind,omitempty"`        // access (default), refresh or code
	Refresh     bool       `json:"refresh,omitempty"`     // with access: a refresh token beside it
	Scope       *string    `json:"scope,omitempty"`       // missing: all that the client is registered for; where that is nothing, what the bank grants whoever asks for none
	Life        *Duration  `json:"life,omitempty"`        // missing: as the policy has it
	Expires     *time.Time `json:"expires,omitempty"`     // instead of life
	Consent     string     `json:"consent,omitempty"`     // for a user's token at a bank that has consents
	RedirectURI string     `json:"redirectUri,omitempty"` // of a code: what the exchange must repeat
	Challenge   string     `json:"challenge,omitempty"`   // of a code: PKCE, S256
}

// Minted are new tokens with their values.
type Minted struct {
	Grant   string     `json:"grant"`
	Token   TokenView  `json:"token"`
	Refresh *TokenView `json:"refresh,omitempty"` // the one beside an access token
}

// MintToken issues a token without a browser, by the clock of the authorization server.
func (d *Desk) MintToken(o TokenOrder) (*Minted, error) {
	if o.Kind == "" {
		o.Kind = grant.Access
	}
	var out *Minted
	err := d.Space.Change("token.mint", "minted a token of kind "+string(o.Kind)+" for client "+o.Client, func() error {
		now := d.Space.Clock.Now()
		issued, _ := d.Space.Skew.Servers(now)
		a, err := d.authorization(o)
		if err != nil {
			return err
		}
		kinds := []grant.Kind{o.Kind}
		if o.Refresh {
			kinds = append(kinds, grant.Refresh)
		}
		a.Sign = d.Space.Signer(d.Origin + d.Root + "/" + o.Bank)
		if o.Life != nil || o.Expires != nil {
			end, err := o.end(issued)
			if err != nil {
				return err
			}
			a.Until = &end
		}
		of, tokens := d.Space.Grants.Mint(a, issued, kinds...)
		if a.Until != nil && o.Kind != grant.Access {
			if tokens[0], err = d.Space.Grants.EndAt(tokens[0].ID, *a.Until); err != nil {
				return err
			}
		}
		out = &Minted{Grant: of.ID, Token: d.tokenView(tokens[0], now, true)}
		if o.Refresh {
			beside := d.tokenView(tokens[1], now, true)
			out.Refresh = &beside
		}
		return nil
	})
	return out, err
}

// end is when the token that is ordered ends.
func (o *TokenOrder) end(now time.Time) (time.Time, error) {
	switch {
	case o.Life != nil && o.Expires != nil:
		return now, fail.Field("life", "give life or expires, not both")
	case o.Expires != nil:
		return o.Expires.UTC(), inTime("expires", *o.Expires)
	case *o.Life < 0:
		return now, fail.Field("life", "%s is negative; a life is 0s or more", o.Life.String())
	}
	at := now.Add(time.Duration(*o.Life))
	return at, inTime("life", at)
}

// authorization checks an order against what there is at the bank.
func (d *Desk) authorization(o TokenOrder) (a grant.Authorization, err error) {
	g := d.Space.Grants
	client, err := d.client(o.Bank, o.Client)
	if err != nil {
		return a, err
	}
	a = grant.Authorization{Bank: o.Bank, Client: o.Client, Consent: o.Consent, RedirectURI: o.RedirectURI, Challenge: o.Challenge,
		Scope: strings.Join(client.Scopes, " ")}
	if a.Scope == "" {
		a.Scope = d.World.Door(o.Bank).Scope
	}
	if o.Scope != nil {
		if a.Scope, err = readScope(*o.Scope); err != nil {
			return a, err
		}
	}
	if o.User != "" {
		if a.Owner, err = d.user(o.Bank, o.User); err != nil {
			return a, err
		}
	}
	if err := d.underConsent(&a); err != nil {
		return a, err
	}
	if a.Owner == "" {
		a.Type = "client_credentials"
	}
	kinds := []grant.Kind{grant.Access, grant.Refresh, grant.Code}
	switch {
	case !slices.Contains(kinds, o.Kind):
		return a, fail.Field("kind", "%q is none of access, refresh, code", o.Kind)
	case o.Kind == grant.Code && a.Owner == "":
		return a, fail.Field("user", "a code is a user's")
	case o.Kind != grant.Access && o.Refresh:
		return a, fail.Field("refresh", "a refresh token comes beside an access token, not beside a %s", o.Kind)
	case o.Kind != grant.Code && o.RedirectURI != "":
		return a, fail.Field("redirectUri", "only a code has a redirect URI")
	case o.Kind != grant.Code && o.Challenge != "":
		return a, fail.Field("challenge", "only a code has a challenge")
	case a.Owner != "" && a.Consent == "" && slices.Contains(g.Policy.Knobs(o.Bank), grant.ConsentTTL):
		return a, fail.Field("consent", "%s opens accounts by consent alone; see POST /consents", o.Bank)
	}
	return a, nil
}

// underConsent checks the consent of an order, and takes the user from it where none is named.
func (d *Desk) underConsent(a *grant.Authorization) error {
	if a.Consent == "" {
		return nil
	}
	c := d.Space.Grants.Consent(a.Bank, a.Consent)
	switch {
	case c == nil:
		return fail.Field("consent", "there is no consent %q at %s", a.Consent, a.Bank)
	case c.Client != a.Client:
		return fail.Field("consent", "%s is client %s's", c.ID, c.Client)
	case a.Owner == "":
		a.Owner = c.Owner
	case a.Owner != c.Owner:
		return fail.Field("consent", "%s is %s's, not %s's", c.ID, c.Owner, a.Owner)
	}
	return nil
}

// client finds a client that an order names.
func (d *Desk) client(bank, id string) (*grant.Client, error) {
	if !slices.Contains(d.Banks, bank) {
		return nil, fail.Field("bank", "%q is none of %s", bank, strings.Join(d.Banks, ", "))
	}
	c := d.Space.Grants.Client(bank, id)
	if c == nil {
		return nil, fail.Field("client", "there is no client %q at %s", id, bank)
	}
	return c, nil
}

// user finds the person that an order names by login or id.
func (d *Desk) user(bank, name string) (string, error) {
	p := d.Space.Ledger.PersonByLogin(bank, name)
	if p == nil {
		p = d.Space.Ledger.Person(name)
	}
	if p == nil || p.Bank != bank {
		return "", fail.Field("user", "there is no user %q at %s", name, bank)
	}
	return p.ID, nil
}

// readScope checks that a scope can be one (RFC 6749 §3.3), and writes it with single blanks.
func readScope(text string) (string, error) {
	const most = 1000
	if len(text) > most {
		return "", fail.Field("scope", "the scope has %d bytes; %d are the most", len(text), most)
	}
	for _, r := range text {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return "", fail.Field("scope", "%q may not stand in a scope", r)
		}
	}
	return strings.Join(strings.Fields(text), " "), nil
}
