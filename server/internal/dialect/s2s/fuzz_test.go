package s2s_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"sandbank/server/internal/dialect/s2s"
)

// What is read as an amount is written as the same amount.
func FuzzAmount(f *testing.F) {
	for _, seed := range []string{"", "121.8", "0", "0.01", "-1", "1e2", "1.005", "100.10", "1.", ".5", "999999999999.99", "1234567890123", "0000000000001", "1.000000", "١"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		minor, why := s2s.ParseAmount(text)
		if why != "" {
			if minor != 0 {
				t.Errorf("%q is refused (%s) and read as %d", text, why, minor)
			}
			return
		}
		if minor <= 0 {
			t.Fatalf("%q is read as %d", text, minor)
		}
		for _, written := range []string{s2s.Plain(minor).String(), s2s.Decimal(minor)} {
			if again, why := s2s.ParseAmount(written); again != minor || why != "" || !json.Valid([]byte(written)) {
				t.Errorf("%q is read as %d and written as %q, which is %d %s", text, minor, written, again, why)
			}
		}
		if strings.TrimLeft(text, "0123456789.") != "" {
			t.Errorf("%q passes as an amount", text)
		}
	})
}

func FuzzIBAN(f *testing.F) {
	for _, seed := range []string{"", "TR310006200001500001231212", "TR31 0006 2000 0150 0001 2312 12", "TR820006400000142991111111", "DE89370400440532013000", "tr310006200001500001231212", "TR3100062000015000012312İ2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		iban, why := s2s.ParseIBAN(text)
		if (iban == "") && why == "" {
			t.Fatalf("%q is neither read nor refused", text)
		}
		if why != "" {
			return
		}
		if again, why := s2s.ParseIBAN(iban); again != iban || why != "" || len(iban) != 26 || strings.Trim(iban, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
			t.Errorf("%q is read as %q, and that as %q %s", text, iban, again, why)
		}
		changed := []byte(iban) // check digits find every single wrong digit
		if changed[25] = '0' + (changed[25]-'0'+1)%10; iban[25] <= '9' {
			if _, why := s2s.ParseIBAN(string(changed)); why == "" {
				t.Errorf("%s and %s both pass", iban, changed)
			}
		}
	})
}

func FuzzSpacedBasic(f *testing.F) {
	for _, seed := range []string{"", "a:b", "a : b", " a:b ", "a :  b", ":", " : ", "a b:c", "a:b:c ", "\x00 :\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, secret, blanks := s2s.SpacedBasic([]string{"Basic " + base64.StdEncoding.EncodeToString([]byte(text))})
		left, right, colon := strings.Cut(text, ":")
		if blanks != (colon && (strings.Trim(left, " ") != left || strings.Trim(right, " ") != right)) {
			t.Errorf("%q: blanks %v", text, blanks)
		}
		if blanks && (strings.TrimSpace(id+secret) == "" != (strings.TrimSpace(left+right) == "") || strings.HasPrefix(id, " ") || strings.HasSuffix(secret, " ")) {
			t.Errorf("%q is read as %q and %q", text, id, secret)
		}
		s2s.SpacedBasic([]string{text}) // whatever a header may hold
	})
}

// Every entry has an integer for an id, the same each time.
func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"6057036", "0", "007", "H18000204312-1", "", "99999999999999999999", "-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		n := s2s.Number(id)
		if v, err := n.Int64(); err != nil || v < 0 || v >= 1e16 || n != s2s.Number(id) || !json.Valid([]byte(n)) {
			t.Errorf("%q is numbered %q: %v", id, n, err)
		}
	})
}

func TestNumbersDoNotCollide(t *testing.T) {
	t.Parallel()
	if s2s.Number("6057036") != "6057036" {
		t.Errorf("a number became %s", s2s.Number("6057036"))
	}
	seen := map[json.Number]bool{}
	for _, id := range []string{"H26000000001-1", "H26000000001-2", "H26000000001-3", "E26000000001-1", "H25000000001-1", "007", "7"} {
		n := s2s.Number(id)
		if seen[n] {
			t.Errorf("%s has the number %s of another", id, n)
		}
		seen[n] = true
	}
}
