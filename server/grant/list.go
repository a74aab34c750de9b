package grant

import (
	"strconv"
	"strings"

	"sandbank/server/dice"
)

// Newest are at most n tokens that keep says yes to (all when nil), in the order of issue, the newest first, from the one before the
// given Token.Number on; 0 begins with the newest. A clock that was moved does not change this order.
func (g *Grants) Newest(before int64, n int, keep func(*Token) bool) []*Token {
	return g.issued.some(before, n, keep)
}

// Few are those of the newest look tokens that keep says yes to, n at most: it takes no longer where there are very many.
func (g *Grants) Few(look, n int, keep func(*Token) bool) []*Token {
	return g.issued.few(look, n, keep)
}

// FewConsents are consents, as Few has tokens.
func (g *Grants) FewConsents(look, n int, keep func(*Consent) bool) []*Consent {
	return g.asked.few(look, n, keep)
}

// NewestGrants are grants, as Newest has tokens.
func (g *Grants) NewestGrants(before int64, n int, keep func(*Grant) bool) []*Grant {
	return g.given.some(before, n, keep)
}

// NewestConsents are consents, as Newest has tokens.
func (g *Grants) NewestConsents(before int64, n int, keep func(*Consent) bool) []*Consent {
	return g.asked.some(before, n, keep)
}

// Find returns a token by its public id (at_…, rt_…, ac_…) or, for whoever holds only that, by its value; nil when there is none.
func (g *Grants) Find(id string) *Token {
	if t := g.issued.find(numberIn(id)); t != nil && t.ID == id {
		return t
	}
	return g.tokens.Get(id)
}

// Family are the tokens of a grant in the order of issue: what a token came from is always before it.
func (g *Grants) Family(id string) []*Token { return g.issued.family(id) }

// salt is how many characters of a public id are random: after a restore a number is dealt again, and the journal still tells of the
// former holder.
const salt = 4

// publicID writes the id of a record with its number in it, by which it is found.
func (g *Grants) publicID(prefix string, number int64) string {
	return prefix + strconv.FormatInt(number, 36) + g.dice.Text(dice.Lower, salt)
}

// numberIn is the number in a public id; 0, which nothing has, when there is none.
func numberIn(id string) int64 {
	_, rest, _ := strings.Cut(id, "_")
	if len(rest) <= salt {
		return 0
	}
	n, err := strconv.ParseInt(rest[:len(rest)-salt], 36, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// lines follow the stores.
func (g *Grants) lines() {
	g.issued = &line[Token]{about: about[Token]{number: func(t *Token) int64 { return t.Number }, family: func(t *Token) string { return t.Grant },
		current: func(t *Token) *Token { return g.tokens.Get(t.Value) }}}
	g.given = &line[Grant]{about: about[Grant]{number: func(v *Grant) int64 { return v.Number },
		current: func(v *Grant) *Grant { return g.grants.Get(v.ID) }}}
	g.asked = &line[Consent]{about: about[Consent]{number: func(c *Consent) int64 { return c.Number },
		current: func(c *Consent) *Consent { return g.consents.Get(c.ID) }}}
	g.tokens.Follow(func(old, now *Token) {
		g.issued.follow(old, now)
		if old != nil && (now == nil || !old.alike(now)) {
			g.bent.Add(1)
		}
	})
	g.grants.Follow(func(old, now *Grant) {
		g.given.follow(old, now)
		if old != nil && (now == nil || old.Consent != now.Consent) {
			g.bent.Add(1)
		}
	})
	g.consents.Follow(func(old, now *Consent) {
		g.asked.follow(old, now)
		if old != nil {
			g.bent.Add(1)
		}
	})
}

// Bent counts how often something that was there already became another thing: a token got another end, was revoked or forgotten, a
// consent changed. What is new does not count, nor that a token was spent. As long as it stays the same, what was concluded from
// tokens and consents holds.
func (g *Grants) Bent() uint64 { return g.bent.Load() }

// alike tells whether two states of a token differ at most in its being spent: nothing else of it ever changes but what is compared.
func (t *Token) alike(other *Token) bool {
	return t.Expires.Equal(other.Expires) && t.Life == other.Life && t.Policy == other.Policy && t.Scope == other.Scope && t.Revoked == other.Revoked
}
