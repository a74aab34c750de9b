package yoisho

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf16"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

func original(c *wire.Call) bool {
	v, _ := c.Space.Grants.Policy.Value(grant.Fidelity, name, "", "")
	return v.Text == grant.Original
}

func life(c *wire.Call, client, owner string) time.Duration {
	v, _ := c.Space.Grants.Policy.Value(grant.AccessTTL, name, client, owner)
	return v.Duration
}

// token exchanges a code, all in the query. The original asks for no redirect_uri and no grant_type.
func token(c *wire.Call) error {
	q := c.Query()
	if err := q.Once("code", "client_id", "client_secret"); err != nil {
		return err
	}
	if q.Get("code") == "" || q.Get("client_id") == "" || q.Get("client_secret") == "" {
		return c.Trail.No("parameters", fail.New(fail.InvalidRequest, "code, client_id or client_secret is missing").
			Say("invalid request, code, client_id or client_secret mising"))
	}
	client, err := knownClient(c, q.Get("client_id"))
	if err != nil {
		return err
	}
	if _, err := c.Space.Grants.Authenticate(name, client.ID, q.Get("client_secret"), c.Now, &c.Trail); err != nil {
		return fail.From(err).Say("invalid request, client_secret is incorrect")
	}

	if err := guesses(c, client, false); err != nil {
		return err
	}
	issued, err := c.Redeem(q, client, grant.Redemption{AnyRedirect: true, Reusable: original(c)})
	if err != nil {
		guesses(c, client, true)
		return err
	}

	c.NoStore()
	return show(c, 200, shapeToken{wire.TokenType(issued.Access, "bearer"), "read", issued.Access.Value, c.Space.Grants.ExpiresIn(issued.Access, c.Now)})
}

// mostGuesses is how many wrong codes a client may try in a minute: seven digits can be guessed (RFC 6819 §4.4.3.6).
const mostGuesses = 1000

// guesses refuses a client that has tried too many codes this minute; wrong counts one more.
func guesses(c *wire.Call, client *grant.Client, wrong bool) error {
	g, key, minute := c.Space.Grants, "yoisho guesses "+client.ID, c.Now.Truncate(time.Minute)
	if wrong {
		g.Count(key, minute, mostGuesses)
		return nil
	}
	if n := g.Counted(key, minute); n >= mostGuesses {
		e := fail.New(fail.TooMany, "client %s has tried %d wrong codes this minute", client.ID, n)
		e.Wait = int(minute.Add(time.Minute).Sub(c.Now)/time.Second) + 1
		return c.Trail.No("guesses", e)
	}
	return nil
}

func info(c *wire.Call) error {
	person, err := owner(c)
	if err != nil {
		return err
	}

	login := person.Login
	if original(c) {
		login = "dave"
	}

	return show(c, 200, shapeInfo{login, person.Name(), person.Email, person.Address.Line, person.Phone})
}

func balance(c *wire.Call) error {
	person, err := owner(c)
	if err != nil {
		return err
	}

	var sum int64
	for _, a := range c.Space.Ledger.AccountsOf(person.ID) {
		if a.Status == ledger.Enabled { // the API knows one sum and no state of an account: what is blocked or closed is not there
			sum += c.Space.Ledger.Balance(a.ID, c.Now).Booked
		}
	}

	return show(c, 200, shapeBalance{person.Login, grouped(sum)})
}

func home(c *wire.Call) error {
	return c.Send(200, "text/html; charset=utf-8", []byte("TEST API App running!"))
}

// owner admits a token's person.
func owner(c *wire.Call) (*ledger.Person, error) {
	b, err := c.UserAccess()
	if err != nil {
		return nil, err
	}
	person := c.Space.Ledger.Person(b.Token.Owner)
	if person == nil || person.Locked {
		return nil, c.Trail.No("person there", fail.New(fail.TokenRevoked, "%s is gone or locked", b.Token.Owner))
	}
	return person, nil
}

// Shapes: the order of the fields is that of the document.
type (
	shapeToken struct {
		Type    string          `json:"token_type"`
		Scope   string          `json:"scope"`
		Access  string          `json:"access_token"`
		Expires json.RawMessage `json:"expires_in,omitempty"` // only where a policy has it told
	}
	shapeInfo struct {
		Owner    string `json:"account_owner"`
		FullName string `json:"fullname"`
		Email    string `json:"email"`
		Address  string `json:"address"`
		Phone    string `json:"phone"`
	}
	shapeBalance struct {
		Owner   string `json:"account_owner"`
		Balance string `json:"account_balance"`
	}
	shapeError struct {
		Error string `json:"error"`
	}
)

// show writes JSON as Python's json.dumps does: a blank behind each colon and comma, and nothing but ASCII.
func show(c *wire.Call, status int, v any) error {
	plain, err := wire.Encode(v)
	if err != nil {
		return err
	}
	return c.Send(status, "application/json", spaced(string(plain)))
}

func spaced(plain string) []byte {
	b := make([]byte, 0, len(plain)+len(plain)/4)
	quoted, escaped := false, false
	for _, r := range plain {
		switch {
		case r >= 0x10000:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		case r >= 0x80:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = append(b, byte(r))
		}
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		case !quoted && (r == ':' || r == ','):
			b = append(b, ' ')
		}
	}
	return b
}

// grouped writes minor units as the bank shows money: "10,187.91".
func grouped(minor int64) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	whole := strconv.FormatInt(minor/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	cents := strconv.FormatInt(minor%100, 10)
	return sign + whole + "." + "00"[:2-len(cents)] + cents
}

// refuse says everything with 400 and one text, as the original does; it has no 401 and no WWW-Authenticate.
func refuse(c *wire.Call, e *fail.Error) error {
	status, text := 400, e.Text
	switch e.Kind {
	case fail.TokenMissing:
		text = "invalid request, access_token mising" // the original meant to say so, but fell over first (banks.md 7.1)
	case fail.TokenMalformed, fail.TokenUnknown, fail.TokenRevoked, fail.TokenWrongKind:
		text = "invalid access_token "
	case fail.TokenUnproven: // the original never heard of these, and clients look for 401 (RFC 9449 §7.1)
		status, text = 401, "invalid access_token "
	case fail.TokenExpired:
		text = "access_token has expired"
	case fail.InvalidGrant:
		text = "invalid access code"
	case fail.NoRoute:
		status, text = 404, "not found"
	case fail.MethodNotAllowed:
		status, text = 405, "method not allowed"
	case fail.TooMany:
		status, text = 429, "too many requests"
		c.RetryAfter(e)
	case fail.TooLarge:
		status, text = 413, "request too large"
	case fail.Forbidden, fail.AccessDenied, fail.NotFound: // of the login page: a person reads it
		return c.Refused(e)
	case fail.Internal:
		status, text = 500, "internal error"
	}
	if text == "" {
		text = "invalid request"
	}
	return show(c, status, shapeError{text})
}
