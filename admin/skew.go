package admin

import (
	"slices"
	"strings"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/grant"
)

// SkewView is how far the servers of the banks are from the clock of the space; a plus runs ahead.
type SkewView struct {
	AuthorizationServer Duration `json:"authorizationServer"` // logins, codes, tokens, their revocation
	ResourceServer      Duration `json:"resourceServer"`      // account APIs
	Date                string   `json:"date"`                // the Date header: follows the server that answers, is off, or is shifted against the space's clock: "300s"
}

// SkewOrder sets some of it; what is left out stays.
type SkewOrder struct {
	AuthorizationServer *Duration `json:"authorizationServer,omitempty"`
	ResourceServer      *Duration `json:"resourceServer,omitempty"`
	Date                *string   `json:"date,omitempty"` // follows, off, or a duration
}

func skewView(s clock.Skew) SkewView {
	return SkewView{Duration(s.AuthorizationServer), Duration(s.ResourceServer), s.Date.String()}
}

// check says what is ordered, in words, or which field does not fit.
func (o *SkewOrder) check() (string, error) {
	var what []string
	if o.AuthorizationServer != nil {
		what = append(what, "authorization server "+o.AuthorizationServer.String())
	}
	if o.ResourceServer != nil {
		what = append(what, "resource server "+o.ResourceServer.String())
	}
	if o.Date != nil {
		if _, err := clock.ParseDateSkew(*o.Date); err != nil {
			return "", fail.Field("skew.date", "%v", err)
		}
		what = append(what, "Date "+*o.Date)
	}
	if what == nil {
		return "", fail.Field("skew", "name at least one of authorizationServer, resourceServer, date")
	}
	var s clock.Skew
	o.lay(&s)
	if field, err := s.Check(); err != nil {
		return "", fail.Field("skew."+field, "%v", err)
	}
	return strings.Join(what, ", "), nil
}

// lay puts a checked order over a skew.
func (o *SkewOrder) lay(s *clock.Skew) {
	if o.AuthorizationServer != nil {
		s.AuthorizationServer = clock.Offset(*o.AuthorizationServer)
	}
	if o.ResourceServer != nil {
		s.ResourceServer = clock.Offset(*o.ResourceServer)
	}
	if o.Date != nil {
		s.Date, _ = clock.ParseDateSkew(*o.Date)
	}
}

// passed are the ends that come up while the servers' clocks go from one instant to another, each by the clock of the server that
// accepts the thing: codes and refresh tokens the authorization server's, access tokens and consents the resource server's.
func passed(g *grant.Grants, as, asTo, rs, rsTo, now time.Time) (out []Expiry) {
	ends := g.Between(as, asTo)
	if !as.Equal(rs) || !asTo.Equal(rsTo) {
		issuers := func(e grant.End) bool { return e.Kind == "code" || e.Kind == "refresh" }
		others := func(e grant.End) bool { return !issuers(e) }
		ends = append(slices.DeleteFunc(ends, others), slices.DeleteFunc(g.Between(rs, rsTo), issuers)...)
		slices.SortStableFunc(ends, func(a, b grant.End) int { return a.At.Compare(b.At) })
	}
	for _, e := range ends {
		out = append(out, expiry(e, now))
	}
	return out
}
