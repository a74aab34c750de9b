package seed

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/brianvoe/gofakeit/v7"

	"sandbank/server/ledger"
)

// stable is a number that belongs to a name for good: FNV-1a over the parts, scrambled because its low bits follow the last letters.
func stable(parts ...string) uint64 {
	h := uint64(14695981039346656037)
	for _, part := range parts {
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211 // so that "a","bc" is not "ab","c"
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// chance is the only source of randomness here: one generator per seed and name.
func chance(seed uint64, parts ...string) *rand.Rand {
	return rand.New(rand.NewPCG(seed, stable(parts...))) // #nosec G404 -- people are dealt again alike from one seed; tokens are not dealt from here
}

// faker is gofakeit for one entity, on the same terms.
func faker(seed uint64, parts ...string) *gofakeit.Faker {
	return gofakeit.NewFaker(rand.NewPCG(seed, stable(parts...)), false)
}

// between is low to high, both included.
func between(r *rand.Rand, low, high int64) int64 {
	if high <= low {
		return low
	}
	return low + r.Int64N(high-low+1)
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// registry hands out account ids and numbers. The same account gets the same ones at every start, whatever the seed; only where two
// names want one number does the order decide.
type registry struct {
	ledger  *ledger.Ledger  // what is in these books is taken
	ids     map[string]bool // and what was handed out: of the whole ledger
	numbers map[string]bool // of one bank
	opened  int             // accounts of the bank so far
	blocks  int             // blocks of entry numbers that are taken
}

// tries is far more than any clash of scattered ids or numbers needs; serial ones may have to pass as many accounts as there are.
const tries = 1000

// id makes an account id of the bank's form.
func (r *registry) id(b *Bank, login string, place int) (string, error) {
	for try := range tries + r.opened {
		h := stable("id", b.Bank, login, strconv.Itoa(place), strconv.Itoa(try))
		id := ""
		switch b.IDs {
		case "uuid":
			id = uuid(h)
		case "key":
			id = key(h)
		case "number":
			id = pad(10_000_000+h%90_000_000, 8)
		case "serial":
			id = strconv.Itoa(r.opened + try)
		default:
			id = fmt.Sprintf("%s-%s-%d", b.Bank, login, place+try)
		}
		if !r.ids[id] && r.ledger.Account(id) == nil {
			r.ids[id] = true
			return id, nil
		}
	}
	return "", fmt.Errorf("%s: no free account id for %s", b.Bank, login)
}

// number makes an account number and IBAN of the bank's country; cards of banks that number them otherwise have no IBAN.
func (r *registry) number(b *Bank, kind ledger.Kind, login string, place int) (domestic, iban string, err error) {
	for try := range tries {
		h := stable("number", b.Bank, login, strconv.Itoa(place), strconv.Itoa(try))
		if kind == ledger.Card && b.Cards != "" {
			domestic = card(b.Cards, h)
		} else {
			domestic, iban = number(b.Country, b.Prefix, h)
		}
		if domestic != "" && !r.numbered(b.Bank, domestic) && (iban == "" || !r.numbered(b.Bank, iban)) {
			r.numbers[domestic], r.numbers[iban] = true, true
			return domestic, iban, nil
		}
	}
	return "", "", fmt.Errorf("%s: no free account number for %s", b.Bank, login)
}

func (r *registry) numbered(bank, number string) bool {
	return r.numbers[number] || r.ledger.AccountByNumber(bank, number) != nil
}

// card writes digits where the form has #.
func card(form string, h uint64) string {
	out := []byte(form)
	for i := range out {
		if out[i] == '#' {
			out[i], h = byte('0'+h%10), h/10
		}
	}
	return string(out)
}

// uuid has the form of a version 4 UUID.
func uuid(h uint64) string {
	low := stable(strconv.FormatUint(h, 16))
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", h>>32, h>>16&0xffff, h&0xfff, low>>48&0x3fff|0x8000, low&0xffffffffffff)
}

// key is 20 letters and digits.
func key(h uint64) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	low := stable(strconv.FormatUint(h, 16))
	var out strings.Builder
	for range 10 {
		out.WriteByte(alphabet[h%62])
		out.WriteByte(alphabet[low%62])
		h, low = h/62, low/62
	}
	return out.String()
}
