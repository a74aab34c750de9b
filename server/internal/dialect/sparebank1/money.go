package sparebank1

import (
	"strconv"
	"strings"
)

// money is an amount in minor units. It goes out as a JSON number with two decimals, written without ever being a float.
type money int64

// MarshalJSON implements json.Marshaler.
func (m money) MarshalJSON() ([]byte, error) { return []byte(m.decimal(".")), nil }

// decimal writes the amount with this decimal mark.
func (m money) decimal(mark string) string {
	sign, v := "", int64(m)
	if v < 0 {
		sign, v = "-", -v
	}
	cents := strconv.FormatInt(v%100, 10)
	if len(cents) == 1 {
		cents = "0" + cents
	}
	return sign + strconv.FormatInt(v/100, 10) + mark + cents
}

// parseAmount reads an amount of a transfer, which is a JSON string: digits, and after a point one or two more. It must lie between
// 0.01 and most, in minor units.
func parseAmount(text string, most money) (money, bool) {
	whole, cents, dotted := strings.Cut(text, ".")
	switch {
	case !digits(whole) || len(whole) > 10 || (len(whole) > 1 && whole[0] == '0'):
		return 0, false
	case dotted && (!digits(cents) || len(cents) > 2):
		return 0, false
	}
	minor, err := strconv.ParseInt(whole+(cents + "00")[:2], 10, 64)
	if err != nil || minor < 1 || money(minor) > most {
		return 0, false
	}
	return money(minor), true
}

// accountNumber tells whether the text is a Norwegian account number: eleven digits, the last of them a check digit modulo 11.
func accountNumber(text string) bool {
	if len(text) != 11 || !digits(text) {
		return false
	}
	sum := 0
	for i, weight := range [...]int{5, 4, 3, 2, 7, 6, 5, 4, 3, 2} {
		sum += weight * int(text[i]-'0')
	}
	return (11-sum%11)%11 == int(text[10]-'0') // a check digit of 10 is no digit, and such numbers are not given out
}

// grouped writes an account number as people read it.
func grouped(number string) string {
	if len(number) != 11 || !digits(number) {
		return number
	}
	return number[:4] + "." + number[4:6] + "." + number[6:]
}

// domestic is the account number within a Norwegian IBAN; anything else stays as it is.
func domestic(ref string) string {
	if len(ref) == 15 && strings.HasPrefix(ref, "NO") {
		return ref[4:]
	}
	return ref
}
