package grant

import (
	"encoding/json"
	"strconv"
	"time"
)

// How expires_in tells the life of an access token. Each but the first is something that a client met in the wild.
const (
	TellNumber       = "number"
	TellOmit         = "omit"         // RFC 6749 §5.1 only recommends the field
	TellZero         = "zero"         // 0
	TellNegative     = "negative"     // -1
	TellString       = "string"       // "60"
	TellFloat        = "float"        // 59.5
	TellNull         = "null"         // null
	TellJunk         = "junk"         // "soon"
	TellMilliseconds = "milliseconds" // 60000
	TellHuge         = "huge"         // 4294967356: 60 again for whoever keeps 32 bits
)

func tellings() []string {
	return []string{TellNumber, TellOmit, TellZero, TellNegative, TellString, TellFloat, TellNull, TellJunk, TellMilliseconds, TellHuge}
}

// ExpiresIn is what a token answer says as expires_in, in JSON; nil: it has no such field. Left to itself it is the number of whole
// seconds that the token has left, and nil for a token without end.
func (g *Grants) ExpiresIn(t *Token, now time.Time) json.RawMessage {
	_, ends := t.Left(now)
	return g.Tell(t, t.Seconds(now), ends)
}

// Tell is ExpiresIn for banks that count in their own way: seconds is what the truth would be on their wire, and known whether they
// would tell it.
func (g *Grants) Tell(t *Token, seconds int64, known bool) json.RawMessage {
	how, _ := g.ofToken(ExpiresIn, t)
	switch how.Text {
	case TellOmit:
		return nil
	case TellZero:
		return json.RawMessage("0")
	case TellNegative:
		return json.RawMessage("-1")
	case TellNull:
		return json.RawMessage("null")
	case TellJunk:
		return json.RawMessage(`"soon"`)
	}
	if !known {
		return nil
	}
	lie, _ := g.ofToken(ExpiresInLie, t)
	seconds += int64(lie.Duration / time.Second)
	number := strconv.FormatInt(seconds, 10)
	switch how.Text {
	case TellString:
		number = `"` + number + `"`
	case TellFloat: // never more than the truth
		number = strconv.FormatFloat(float64(seconds)-0.5, 'f', 1, 64)
	case TellMilliseconds:
		number = strconv.FormatInt(seconds*1000, 10)
	case TellHuge:
		number = strconv.FormatInt(1<<32+seconds, 10)
	}
	return json.RawMessage(number)
}
