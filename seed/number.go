package seed

import (
	"regexp"
	"strconv"
	"strings"
)

// IBAN puts the two check digits of ISO 13616 before a basic bank account number (BBAN): IBAN("DE", "370400440532013000") is
// "DE89370400440532013000". The BBAN is digits and capital letters; anything else gives "".
func IBAN(country, bban string) string {
	rest, ok := mod97(bban + country + "00")
	if !ok {
		return ""
	}
	check := strconv.Itoa(98 - rest)
	if len(check) == 1 {
		check = "0" + check
	}
	return country + check + bban
}

// ValidIBAN tells whether the text is an IBAN without blanks whose check digits and, for the countries of the demo banks, length are
// right.
func ValidIBAN(iban string) bool {
	if len(iban) < 15 || len(iban) > 34 || !letters(iban[:2]) || !digits(iban[2:4]) {
		return false
	}
	if n := len(shapeOf(iban[:2]).example); n > 0 && n != len(iban)-4 {
		return false
	}
	rest, ok := mod97(iban[4:] + iban[:4])
	return ok && rest == 1
}

// mod97 reads letters as 10 to 35, as ISO 7064 does.
func mod97(text string) (rest int, ok bool) {
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			rest = (rest*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return 0, false
		}
	}
	return rest, true
}

// shape is how a country writes a BBAN: the bank's prefix, then running digits, then in Norway a check digit.
type shape struct {
	prefix  int    // length of what every account of one bank begins with
	running int    // digits that tell accounts apart
	example string // a whole BBAN; its length is what counts
}

// shapeOf knows the countries whose account numbers the generator can make.
func shapeOf(country string) shape {
	switch country {
	case "BG": // bank, branch, type of account; account
		return shape{10, 8, "SBNK91551000448998"}
	case "NO": // bank; account; check digit
		return shape{4, 6, "99994010014"}
	case "TR": // bank, reserve, leading zeros, branch; account
		return shape{15, 7, "9999900000142990884231"}
	case "DE": // Bankleitzahl; account
		return shape{8, 10, "000000000012345678"}
	}
	return shape{running: 7}
}

// number makes the domestic number and, where the country has them, the IBAN of the account with these running digits. It is empty
// for the one in eleven that has no Norwegian check digit.
func number(country, prefix string, running uint64) (domestic, iban string) {
	s := shapeOf(country)
	tail := pad(running, s.running)
	bban := prefix + tail
	switch {
	case s.example == "":
		return tail, ""
	case country == "NO":
		check := norwegian(bban)
		if check == "" {
			return "", ""
		}
		bban += check
	}
	iban = IBAN(country, bban)
	return domesticOf(iban), iban
}

// domesticOf is what people of the country call the account number.
func domesticOf(iban string) string {
	switch iban[:2] {
	case "DE", "TR":
		return iban[len(iban)-shapeOf(iban[:2]).running:]
	}
	return iban[4:]
}

// norwegian is the check digit of the first ten digits of an account number; one in eleven has none.
func norwegian(ten string) string { return checkDigit(ten, "5432765432") }

// checkDigit is the mod 11 check digit under these weights, "" when it would be 10.
func checkDigit(number, weights string) string {
	sum := 0
	for i := range min(len(number), len(weights)) {
		sum += int(number[i]-'0') * int(weights[i]-'0')
	}
	check := (11 - sum%11) % 11
	if check == 10 {
		return ""
	}
	return strconv.Itoa(check)
}

// goodPrefix tells whether every BBAN of a bank in this country may begin so.
func goodPrefix(country, prefix string) bool {
	if len(prefix) != shapeOf(country).prefix {
		return false
	}
	if country == "BG" {
		return letters(prefix[:4]) && digits(prefix[4:])
	}
	return digits(prefix)
}

func pad(n uint64, width int) string {
	text := strconv.FormatUint(n, 10)
	if len(text) > width {
		return text[len(text)-width:]
	}
	return strings.Repeat("0", width-len(text)) + text
}

func digits(text string) bool  { return strings.Trim(text, "0123456789") == "" }
func letters(text string) bool { return strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" }

// parseAmount reads money as the fixtures write it, in hundredths of the currency.
func parseAmount(text string) (minor int64, ok bool) {
	rest, negative := strings.CutPrefix(text, "-")
	whole, cents, dotted := strings.Cut(rest, ".")
	if whole == "" || len(whole) > 12 || !digits(whole) || !digits(cents) || dotted != (len(cents) == 2) {
		return 0, false
	}
	if !dotted {
		cents = "00"
	}
	minor, err := strconv.ParseInt(whole+cents, 10, 64)
	if negative {
		minor = -minor
	}
	return minor, err == nil
}

// matches is for the few shapes that have a grammar.
func matches(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }
