package magic

import (
	"strconv"
	"time"

	"sandbank/server/clock"
	"sandbank/server/fail"
	"sandbank/server/fault"
	"sandbank/server/grant"
)

// MostEntries is the most that tx takes.
const MostEntries = 20_000

// Flags are those that every sandbox has.
func Flags() Catalogue {
	return Catalogue{
		life("ttl", "5s", "access tokens live so long", grant.AccessTTL, "no access tokens with a life"),
		life("refresh", "20s", "refresh tokens live so long", grant.RefreshTTL, "no refresh tokens"),
		life("code", "3s", "the authorization code lives so long", grant.CodeTTL, "no authorization codes"),
		life("consent", "30s", "the consent ends so long after it was given", grant.ConsentTTL, "no consents"),
		life("uses", "3", "an access token is good for so many calls", grant.Uses, "no access tokens with a life"),
		{Name: "deny", Doc: "comes back with access_denied", Lacks: noRedirect, Set: ends(fail.AccessDenied)},
		{Name: "unavailable", Doc: "comes back with temporarily_unavailable", Lacks: noRedirect, Set: ends(fail.TemporarilyUnavailable)},
		{Name: "servererror", Doc: "the login ends with server_error", Set: ends(fail.ServerError)},
		{Name: "locked", Doc: "is refused like a locked user", Set: ends(fail.UserLocked)},
		{Name: "otpfail", Doc: "every one-time code is refused", Lacks: func(b Bank) string { return lacks(b.OneTimeCode, "no one-time codes") },
			Set: func(l *Login, _ string) error { l.Terms.NoCode = true; return nil }},
		{Name: "decoupledtimeout", Doc: "nobody approves on the other device",
			Lacks: func(Bank) string { return "no step on another device" }}, // which no bank here has
		{Name: "slow", Value: "2s", Doc: "every call of the grant takes so much longer, in real time", Set: slow},
		{Name: "norefresh", Doc: "no refresh token is issued", Lacks: noRefresh,
			Set: func(l *Login, _ string) error { l.Terms.NoRefresh = true; return nil }},
		{Name: "rotate", Doc: "refresh tokens rotate, and reuse ends the grant", Lacks: noRefresh, Set: func(l *Login, _ string) error {
			if err := l.Turn(grant.Rotation, grant.Choice(grant.Rotate)); err != nil {
				return err
			}
			return l.Turn(grant.Reuse, grant.Choice(grant.ReuseFamily))
		}},
		{Name: "keep", Doc: "the refresh token stays the same", Lacks: noRefresh,
			Set: func(l *Login, _ string) error { return l.Turn(grant.Rotation, grant.Choice(grant.Keep)) }},
		{Name: "revoke", Value: "60s", Doc: "the user takes the access back so long after giving it", Set: revoke},
		{Name: "empty", Doc: "the grant is shown no accounts", Set: func(l *Login, _ string) error { l.Terms.Empty = true; return nil }},
		{Name: "tx", Value: "5000", Doc: "each account shows at least so many transactions",
			Lacks: func(b Bank) string { return lacks(b.Transactions, "no transactions to show") }, Set: entries},
	}
}

func lacks(has bool, what string) string {
	if has {
		return ""
	}
	return what
}

func noRedirect(b Bank) string { return lacks(b.Redirect, "no redirect that could say so") }

func noRefresh(b Bank) string { return lacks(b.Has(grant.RefreshTTL), "no refresh tokens") }

// life is a flag that turns one knob.
func life(name, value, doc string, k grant.Knob, without string) Flag {
	return Flag{Name: name, Value: value, Doc: doc, Lacks: func(b Bank) string { return lacks(b.Has(k), without) },
		Set: func(l *Login, text string) error {
			v, err := grant.ParseValue(k, text)
			if err != nil {
				return fail.Field(name, "%v", err)
			}
			return l.Turn(k, v)
		}}
}

// Turn turns a knob of the grant; what another flag has turned already is refused.
func (l *Login) Turn(k grant.Knob, v grant.Value) error {
	if l.Terms.Turn(k, v) != nil {
		return fail.Field(string(k), "another flag says otherwise")
	}
	return nil
}

// ends is a flag by which the login brings no grant.
func ends(with fail.Kind) func(*Login, string) error {
	return func(l *Login, _ string) error {
		if l.Ends != "" {
			return fail.Field("", "another flag says otherwise")
		}
		l.Ends = with
		return nil
	}
}

// span reads a stretch of time that is not nothing.
func span(text string, most time.Duration) (time.Duration, error) {
	d, err := clock.ParseDuration(text)
	if err != nil {
		return 0, fail.Field("", "%v", err)
	}
	if d <= 0 || d > most {
		return 0, fail.Field("", "%q is not more than nothing, up to %s", text, clock.FormatDuration(most))
	}
	return d, nil
}

func slow(l *Login, text string) (err error) {
	l.Terms.Slow, err = span(text, fault.MaxDelay)
	return err
}

func revoke(l *Login, text string) (err error) {
	l.Terms.Revoke, err = span(text, 100*365*clock.Day)
	return err
}

func entries(l *Login, text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > MostEntries {
		return fail.Field("", "%q is not a number from 1 to %d", text, MostEntries)
	}
	l.Terms.Entries = n
	return nil
}
