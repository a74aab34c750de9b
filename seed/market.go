package seed

import (
	"strings"
	"time"

	"sandbank/server/ledger"
)

// unit turns euros at German prices into a currency at a country's prices.
type unit struct {
	milli int64 // thousandths of a minor unit per euro cent
	step  int64 // amounts are multiples of this: 100 where nobody pays with hundredths
	note  int64 // what a cash machine gives
}

// exact converts euro cents; what is not nothing stays so.
func (u unit) exact(cents int64) int64 {
	minor := cents * u.milli / 1000 / u.step * u.step
	switch {
	case minor == 0 && cents > 0:
		return u.step
	case minor == 0 && cents < 0:
		return -u.step
	}
	return minor
}

// notes rounds to what a cash machine gives, at least one note.
func (u unit) notes(cents int64) int64 {
	minor := cents * u.milli / 1000
	if minor < 0 {
		return -max(-minor/u.note, 1) * u.note
	}
	return max(minor/u.note, 1) * u.note
}

func unitOf(country, currency string) unit {
	u := unit{milli: 1000, step: 1, note: 10_00}
	switch currency { // rates of late 2026, rounded; the sandbox exchanges nothing
	case "BGN":
		u.milli = 1956
	case "USD":
		u.milli = 1100
	case "GBP":
		u.milli = 860
	case "NOK":
		u.milli, u.note = 11_700, 100_00
	case "SEK", "DKK":
		u.milli, u.note = 10_000, 100_00
	case "TRY":
		u.milli, u.note = 48_000, 200_00
	case "JPY":
		u.milli, u.step, u.note = 165_000, 100, 1_000_00
	}
	switch country { // price levels
	case "NO":
		u.milli = u.milli * 140 / 100
	case "BG":
		u.milli = u.milli * 60 / 100
	case "TR":
		u.milli = u.milli * 55 / 100
	case "JP":
		u.milli = u.milli * 90 / 100
	}
	return u
}

// merchant is somebody money goes to or comes from.
type merchant struct{ name, mcc string }

// market is where a country's people spend: merchants and texts by key, in the country's own words.
type market struct {
	country string
	home    []string // currencies of everyday life
	east    int      // hours ahead of UTC; summer time would change nothing anybody looks at
	loan    int64    // yearly interest, in hundredths of a percent
	city    string
	shops   map[string][]merchant
	words   map[string]string
	bank    string // prefix of other people's account numbers, where they have IBANs
}

func (m *market) ahead() time.Duration { return time.Duration(m.east) * time.Hour }

// domestic tells whether the account holds the money of everyday life there.
func (m *market) domestic(a *ledger.Account) bool {
	for _, c := range m.home {
		if c == a.Currency {
			return true
		}
	}
	return false
}

// word is how the country's banks call a kind of movement.
func (m *market) word(key string) string {
	if w := m.words[key]; w != "" {
		return w
	}
	return strings.ToUpper(key[:1]) + key[1:]
}

// shop lists merchants as "name mcc|name mcc"; parties without a card terminal have no code.
func shop(text string) (out []merchant) {
	for _, s := range strings.Split(text, "|") {
		m := merchant{name: s}
		if at := strings.LastIndexByte(s, ' '); at > 0 && len(s)-at == 5 && digits(s[at+1:]) {
			m = merchant{s[:at], s[at+1:]}
		}
		out = append(out, m)
	}
	return out
}

// pairs reads "key=value;key=value".
func pairs(text string) map[string]string {
	out := map[string]string{}
	for _, p := range strings.Split(text, ";") {
		key, value, _ := strings.Cut(p, "=")
		out[key] = value
	}
	return out
}

// shops reads one line per key: "groceries: Rema 1000 5411|Kiwi 5411".
func shops(text string) map[string][]merchant {
	out := map[string][]merchant{"subscription": shop("Netflix 4899|Spotify 5815|YouTube Premium 5815|iCloud+ 5818|Audible 5815"),
		"abroad":   shop("Booking.com 7011|Airbnb 4722|Amazon.com 5942|Ryanair 4511|Uber 4121|Lufthansa 4511"),
		"software": shop("GitHub 7372|Figma 7372|JetBrains 7372|Hetzner Online 7372|Adobe 5734")}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		out[key] = shop(value)
	}
	return out
}

func marketOf(country string) market {
	switch country {
	case "BG":
		return marketBG()
	case "NO":
		return marketNO()
	case "TR":
		return marketTR()
	case "JP":
		return marketJP()
	}
	return marketDE()
}
