package server

import (
	"maps"
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/magic"
	"sandbank/server/scenario"
)

// Flag is what a login can ask for behind its name: ttl5s in dave~ttl5s.
type Flag struct{ Word, Doc string }

// Flags are those that a login can have, in the order in which they are listed.
func (s *Server) Flags() (out []Flag) {
	for _, f := range s.mount.flags {
		if f.Instead == "" {
			out = append(out, Flag{f.Word(), f.Doc})
		}
	}
	return out
}

// caseFlags are the cases of the catalogue as flags (dave~e27). A login can have those whose first variant turns nothing but knobs of a
// grant; the others say why not, and how they are had.
func caseFlags() (out []magic.Flag) {
	for _, c := range scenario.Cases() {
		f := magic.Flag{Name: strings.ToLower(c.ID), Doc: c.Title, Instead: notByLogin(&c)}
		f.Lacks = func(b magic.Bank) string {
			if slices.Contains(c.Banks, b.ID) {
				return ""
			}
			return "no way to show " + c.ID
		}
		f.Set = func(l *magic.Login, _ string) error {
			set, err := c.Variants[0].Settings(l.Bank.ID)
			if err != nil {
				return err
			}
			for _, k := range slices.Sorted(maps.Keys(set)) {
				v, err := grant.ParseValue(k, set[k])
				if err != nil {
					return fail.Field(string(k), "%v", err)
				}
				if err := l.Turn(k, v); err != nil {
					return err
				}
			}
			return nil
		}
		out = append(out, f)
	}
	return out
}

// notByLogin says why a login cannot bring a case about, and what does; empty: it can.
func notByLogin(c *scenario.Case) string {
	arm := "; arm it: POST /admin/api/v1/scenarios/" + c.ID
	switch {
	case len(c.Variants) == 0:
		return c.ID + " is brought about by hand: " + c.Do
	}
	v := c.Variants[0]
	switch {
	case len(v.Faults) > 0:
		return c.ID + " spoils calls, and a login only its own grant" + arm
	case v.Certificate != "":
		return c.ID + " is about the certificate, which everybody is shown" + arm
	case v.Clock != "":
		return c.ID + " bends the clock, which everybody goes by" + arm
	case c.ID == "E26":
		return c.ID + " is about midnight at the bank, and a login's consent ends to the second" + arm
	}
	for _, bank := range c.Banks {
		set, _ := v.Settings(bank) // what cannot be read is not turned, and the catalogue's own tests say so
		for k := range set {
			if s, _ := grant.SpecOf(k); !s.Grant() {
				return c.ID + " turns " + string(k) + ", which is no matter of a grant" + arm
			}
		}
	}
	return ""
}
