package server

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"sandbank/server/clock"
	"sandbank/server/grant"
)

// ParsePublicURL reads the base of every URL that is handed out, as the flag --public-url takes it. Issuers begin with it, and have neither
// query nor fragment (RFC 8414 §2).
func ParsePublicURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case strings.ContainsAny(text, "?#"):
		return nil, fmt.Errorf("%q has a query or a fragment, and the URLs of banks begin with it", text)
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.String() != text:
		return nil, fmt.Errorf("%q is no http or https URL; write for example https://bank.example", text)
	case u.User != nil:
		return nil, fmt.Errorf("%q has a user name, which is not to be handed out", u.Redacted())
	}
	return u, nil
}

// ParseStart reads what the clock shows first, as the flag --clock takes it: an RFC 3339 instant.
func ParseStart(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, fmt.Errorf("%q is no RFC 3339 instant; write for example 2030-01-01T00:00:00Z", text)
	}
	return at, clock.Check(at)
}

// ParseTTL reads bank.kind=duration, as the flag --ttl takes it: "yoisho.access=5s", "berlin.refresh=90d", "finapi.refresh=never".
func ParseTTL(text string) (Setting, error) {
	where, value, ok := strings.Cut(text, "=")
	bank, kind, dot := strings.Cut(where, ".")
	if !ok || !dot {
		return Setting{}, fmt.Errorf("%q is not bank.kind=duration; write for example yoisho.access=5s", text)
	}
	lifetimes := []string{}
	for _, s := range grant.Specs() {
		if s.Lifetime() || s.Knob == grant.PushedTTL || s.Knob == grant.DeviceTTL { // these two have a life, but none without an end
			lifetimes = append(lifetimes, string(s.Knob))
		}
	}
	if !slices.Contains(lifetimes, kind) {
		return Setting{}, fmt.Errorf("there is no lifetime %q; there are %s", kind, strings.Join(lifetimes, ", "))
	}
	return setting(bank, grant.Knob(kind), value)
}

// ParseFidelity reads bank=original or bank=faithful, as the flag --fidelity takes it.
func ParseFidelity(text string) (Setting, error) {
	bank, value, ok := strings.Cut(text, "=")
	if !ok {
		return Setting{}, fmt.Errorf("%q is not bank=original or bank=faithful", text)
	}
	return setting(bank, grant.Fidelity, value)
}

// ParsePolicy reads bank.knob=value for any knob, as the flag --policy takes it: "berlin.rotation=keep", "sparebank1.rate=60".
func ParsePolicy(text string) (Setting, error) {
	where, value, ok := strings.Cut(text, "=")
	bank, kind, dot := strings.Cut(where, ".")
	if !ok || !dot {
		return Setting{}, fmt.Errorf("%q is not bank.knob=value; write for example berlin.rotation=keep", text)
	}
	return setting(bank, grant.Knob(kind), value)
}

// setting checks that the bank exists and that the knob has an effect there.
func setting(bank string, knob grant.Knob, text string) (Setting, error) {
	all := banks()
	for _, d := range all {
		if d.Name != bank {
			continue
		}
		knobs := d.Profile().Settings()
		if _, ok := knobs[knob]; !ok {
			var has []string
			for k := range knobs {
				has = append(has, string(k))
			}
			slices.Sort(has)
			return Setting{}, fmt.Errorf("%s has no %q; it has %s", bank, knob, strings.Join(has, ", "))
		}
		v, err := grant.ParseValue(knob, text)
		if err != nil {
			return Setting{}, fmt.Errorf("%s.%s: %w", bank, knob, err)
		}
		return Setting{At: grant.Level{Bank: bank}, Knob: knob, Value: v}, nil
	}
	return Setting{}, fmt.Errorf("there is no bank %q; there are %s", bank, strings.Join(names(all), ", "))
}
