package report

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/journal"
)

// history is what one client did, in order.
type history struct {
	steps  []*step
	grants *grant.Grants
}

// role is what a client wants with a call.
type role int

const (
	page    role = iota // a person's browser: not the client's doing
	login               // sends a browser to the bank
	token               // the token endpoint
	service             // anything else with the client's, or a user's, credentials
)

// step is one request of a client.
type step struct {
	*journal.Entry
	client string
	role   role
	bearer string // access token that it carried
	form   url.Values
	fields map[string]json.RawMessage // of the token endpoint's answer
	owned  *grant.Token               // the access token, as it is kept now; nil: unknown
}

// read finds out who sent what. Replays are left out.
func read(entries []*journal.Entry, grants *grant.Grants) []*step {
	var out []*step
	owner := map[string]string{} // value of a token → client
	for _, e := range entries {
		if e.Again != 0 || e.Bank == "" {
			continue
		}
		s := &step{Entry: e, client: e.Caller(), bearer: e.Bearer(), form: e.Params()}
		s.owned = grants.Token(s.bearer)
		if s.client == "" {
			if s.client = owner[s.bearer]; s.client == "" && s.owned != nil {
				s.client = s.owned.Client
			}
		}
		switch {
		case e.Op == "token":
			s.role = token
			s.fields = e.Fields()
			for _, name := range []string{"access_token", "refresh_token"} {
				if v := text(s.fields[name]); v != "" {
					owner[v] = s.client
				}
			}
		case e.Op == "authorize" && s.form.Get("client_id") != "":
			s.role = login
		case s.bearer != "" || e.Request.Header("X-IBM-Client-Id") != "":
			s.role = service
		}
		if s.role != page && s.client != "" {
			out = append(out, s)
		}
	}
	return out
}

func text(raw json.RawMessage) (s string) {
	json.Unmarshal(raw, &s) // what is no text is none
	return s
}

// exchange tells whether the step redeems a code, or a person's password.
func (s *step) exchange() bool {
	return s.role == token && (s.form.Get("code") != "" || s.form.Get("grant_type") == "password")
}

// refresh tells whether the step is a refresh, however it ended.
func (s *step) refresh() bool {
	return s.role == token && s.form.Get("grant_type") == "refresh_token"
}

// good tells whether the client got an answer, and a good one.
func (s *step) good() bool { return s.Status/100 == 2 && s.Kind == "" }

// dead tells whether the bank refused the token as such.
func (s *step) dead() bool {
	return s.role == service && s.bearer != "" && s.Kind != fail.InvalidClient &&
		(s.Status == 401 && s.denied() == "" || slices.Contains([]fail.Kind{fail.TokenExpired, fail.TokenRevoked, fail.TokenUnknown}, s.Kind))
}

// denied says why a refresh cannot help, as far as the answer tells: the consent, the quota, or the right; "" when it may.
func (s *step) denied() string {
	switch {
	case s.role != service || s.bearer == "":
		return ""
	case s.Kind == fail.ConsentExpired || s.Kind == fail.ConsentInvalid || s.Kind == fail.ConsentUnknown:
		return "the consent was refused"
	case s.Kind == fail.AccessExceeded:
		return "the day's calls were used up"
	case s.Status == 403 && s.Kind != fail.TokenExpired:
		return "the answer was 403"
	}
	return ""
}

// broken tells whether the server failed, or the connection.
func (s *step) broken() bool { return s.Status >= 500 || s.Status == 0 }

// key is the endpoint that the step calls.
func (s *step) key() string { return s.Bank + " " + s.Method + " " + s.Path() }

// after tells how much time lies between two steps.
func (s *step) after(earlier *step) time.Duration { return s.At.Sub(earlier.At) }

// next is the first step from i on that fits, or nil.
func (h *history) next(i int, fits func(*step) bool) *step {
	for _, s := range h.steps[min(i, len(h.steps)):] {
		if fits(s) {
			return s
		}
	}
	return nil
}

// grantOf is the grant that a refresh is for, or "".
func (h *history) grantOf(s *step) string {
	if t := h.grants.Token(s.form.Get("refresh_token")); t != nil {
		return t.Grant
	}
	return ""
}

// renewable tells whether a grant had a refresh token at an instant that would have worked.
func (h *history) renewable(of string, at time.Time) bool {
	if g := h.grants.Grant(of); g == nil || g.Revoked != nil && !g.Revoked.At.After(at) {
		return false
	}
	over := func(e *grant.Event) bool { return e != nil && !e.At.After(at) }
	return slices.ContainsFunc(h.grants.Family(of), func(t *grant.Token) bool {
		return t.Kind == grant.Refresh && !t.Issued.After(at) && !t.Expired(at) && !over(t.Spent) && !over(t.Revoked)
	})
}

// told is the life that the answer told for its access token; 0: none that is a number.
func (s *step) told() time.Duration {
	var seconds float64
	if raw := s.fields["expires_in"]; raw == nil || json.Unmarshal(raw, &seconds) != nil || seconds <= 0 || seconds > 1<<32 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// accessOf is the id of the access token that went out.
func (s *step) accessOf() string {
	for _, id := range s.Tokens {
		if strings.HasPrefix(id, "at_") {
			return id
		}
	}
	return ""
}
