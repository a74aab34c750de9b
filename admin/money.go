package admin

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"

	"sandbank/server/fail"
)

// Money is an amount in hundredths of its currency, of whichever currency: minor units. It is written as a decimal text, "-12.34", and
// read from that or from a whole number of minor units.
type Money int64

// mostMoney is the largest amount either way: what fits into balances many times over.
const mostMoney = 99_999_999_999_999

// MarshalJSON writes the decimal text.
func (m Money) MarshalJSON() ([]byte, error) { return json.Marshal(m.String()) }

// String is the decimal text.
func (m Money) String() string {
	sign, n := "", int64(m)
	if n < 0 {
		sign, n = "-", -n
	}
	cents := strconv.FormatInt(100+n%100, 10)
	return sign + strconv.FormatInt(n/100, 10) + "." + cents[1:]
}

// UnmarshalJSON reads either form.
func (m *Money) UnmarshalJSON(p []byte) error {
	text, whole := string(p), true
	if len(p) > 0 && p[0] == '"' {
		whole = false
		if err := json.Unmarshal(p, &text); err != nil {
			return err
		}
	}
	n, ok := readMoney(text, whole)
	if !ok {
		return fail.Field("", "%s is no amount; write \"12.34\", or 1234 for hundredths", clipped(text))
	}
	*m = Money(n)
	return nil
}

func readMoney(text string, whole bool) (int64, bool) {
	digits, negative := strings.CutPrefix(text, "-")
	units, cents, dotted := strings.Cut(digits, ".")
	switch {
	case units == "" || strings.Trim(units+cents, "0123456789") != "" || len(units) > 14 || dotted && (whole || len(cents) != 2):
		return 0, false
	case !whole && !dotted:
		cents = "00"
	}
	n, err := strconv.ParseInt(units+cents, 10, 64)
	if negative {
		n = -n
	}
	return n, err == nil && n <= mostMoney && n >= -mostMoney
}

// JSONSchema describes both forms.
func (Money) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string", Pattern: `^-?[0-9]{1,12}(\.[0-9]{2})?$`, Description: "decimal, as \"-12.34\""},
		{Type: "integer", Description: "hundredths"}}}
}
