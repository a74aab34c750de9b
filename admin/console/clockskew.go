package console

import (
	"time"

	"sandbank/admin"
)

// Skewed says in words what the servers' clocks do to a client; empty when they agree.
func (c *Clock) Skewed() string {
	s := c.Skew
	as, rs := time.Duration(s.AuthorizationServer), time.Duration(s.ResourceServer)
	switch d := rs - as; {
	case d < 0:
		return "Against the authorization server the resource server runs " + about(-d) + " slow: it accepts a token " + about(-d) + " after the other calls it dead."
	case d > 0:
		return "Against the authorization server the resource server runs " + about(d) + " fast: it refuses a token " + about(d) + " before expires_in is over."
	case as != 0:
		return "Both servers run " + about(as.Abs()) + " " + map[bool]string{true: "fast", false: "slow"}[as > 0] + ": they agree with each other, and not with the clock above."
	case s.Date == "off":
		return "Answers have no Date header: a client cannot compare clocks."
	case s.Date != "follows":
		return "Only the Date header is off: a client that trusts it counts from the wrong instant."
	}
	return ""
}

// Dates are what the Date header can be told to do, with what it does now among them.
func (c *Clock) Dates() []string {
	all := []string{"follows=follows the server", "off=is missing", "0s=tells this clock", "300s=is 5 min fast", "-300s=is 5 min slow"}
	switch now := c.Skew.Date; now {
	case "follows", "off", "0s":
	case "5m":
		all[3] = "5m=is 5 min fast"
	case "-5m":
		all[4] = "-5m=is 5 min slow"
	default:
		all = append(all, now+"=is shifted by "+now)
	}
	return all
}

// Text is a shift as one types it.
func (c *Clock) Text(d admin.Duration) string { return d.String() }
