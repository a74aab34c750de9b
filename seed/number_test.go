package seed

import (
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"
)

func TestIBANHasTheCheckDigitsOfTheRegistry(t *testing.T) {
	t.Parallel()
	for country, c := range map[string]struct{ bban, want string }{ // the examples of the SWIFT IBAN registry
		"BG": {"BNBG96611020345678", "BG80BNBG96611020345678"},
		"NO": {"86011117947", "NO9386011117947"},
		"TR": {"0006100519786457841326", "TR330006100519786457841326"},
		"DE": {"370400440532013000", "DE89370400440532013000"},
		"GB": {"NWBK60161331926819", "GB29NWBK60161331926819"},
		"FR": {"20041010050500013M02606", "FR1420041010050500013M02606"},
	} {
		if got := IBAN(country, c.bban); got != c.want || !ValidIBAN(got) {
			t.Errorf("%s: got %s, valid %t; want %s", country, got, ValidIBAN(got), c.want)
		}
	}
}

func TestValidIBANRefuses(t *testing.T) {
	t.Parallel()
	for name, iban := range map[string]string{
		"wrong check digits":        "DE88370400440532013000",
		"two digits swapped":        "DE89370400440532010300",
		"blanks":                    "DE89 3704 0044 0532 0130 00",
		"small letters":             "de89370400440532013000",
		"a length of another land":  IBAN("NO", "860111179470"),
		"nothing":                   "",
		"check digits that are not": "DEAA370400440532013000",
		"letters beyond ASCII":      "DE89ÖÖÖÖ0440532013000",
	} {
		if ValidIBAN(iban) {
			t.Errorf("%s: %q was accepted", name, iban)
		}
	}
	if got := IBAN("DE", "3704 0044"); got != "" {
		t.Errorf("a BBAN with a blank became %q", got)
	}
}

func TestNorwegianCheckDigits(t *testing.T) {
	t.Parallel()
	if got := norwegian("8601111794"); got != "7" {
		t.Errorf("86011117947 ends in %q", got)
	}
	if got := tenor(time.Date(1984, 5, 17, 0, 0, 0, 0, time.UTC), 300); got != "17858430038" {
		t.Errorf("synthetic identity number %s", got)
	}
}

func TestNumbersAreValidWhateverTheDigits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		country := rapid.SampledFrom([]string{"BG", "NO", "TR", "DE"}).Draw(t, "country")
		s := shapeOf(country)
		domestic, iban := number(country, s.example[:s.prefix], rapid.Uint64().Draw(t, "running"))
		switch {
		case domestic == "" && iban == "" && country == "NO":
		case !ValidIBAN(iban):
			t.Errorf("invalid IBAN %s", iban)
		case domesticOf(iban) != domestic:
			t.Errorf("%s belongs to %s, not %s", iban, domesticOf(iban), domestic)
		}
	})
}

func TestAmounts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"0.00": 0, "12.34": 1234, "-0.05": -5, "7": 700, "999999999999.99": 99999999999999} {
		if got, ok := parseAmount(text); !ok || got != want {
			t.Errorf("%s is %d, %t; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-", "1.", ".50", "1.5", "1.234", "+1.00", "1,00", " 1.00", "1e3", "٣.00", "9999999999999.00", "--1.00", "1.-1"} {
		if got, ok := parseAmount(text); ok {
			t.Errorf("%q was read as %d", text, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64Range(-99999999999999, 99999999999999).Draw(t, "minor")
		if got, ok := parseAmount(amountText(minor)); !ok || got != minor {
			t.Errorf("%d was written as %s and read as %d", minor, amountText(minor), got)
		}
	})
}

func TestWorkdayMovesWeekends(t *testing.T) {
	t.Parallel()
	for day, want := range map[string][2]string{ // 25 October 2026 is a Sunday
		"2026-10-23": {"2026-10-23", "2026-10-23"},
		"2026-10-24": {"2026-10-23", "2026-10-26"},
		"2026-10-25": {"2026-10-23", "2026-10-26"},
	} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		got := [2]string{workday(at, true).Format(time.DateOnly), workday(at, false).Format(time.DateOnly)}
		if got != want {
			t.Errorf("%s: got %v, want %v", day, got, want)
		}
	}
}

// FuzzRead: no file makes the reader panic, every refusal has a place, and what is accepted can be planted.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		`{"bank":"x","country":"DE","currency":"EUR","prefix":"00000000","ids":"uuid","people":[{"login":"a","given":"A","accounts":[{"balance":"1.00","iban":"DE89370400440532013000","persona":"family"},{}]}]}`,
		`{"bank":"x","country":"JP","currency":"JPY","ids":"serial","clients":[{"id":"c","grantTypes":["password"],"service":{"id":"1","secret":"2","login":"a"}}],"people":[{"login":"a","family":"A"}]}`,
		`{"bank":"x","country":"NO","currency":"NOK","prefix":"9999","ids":"number","people":[{"login":"a","given":"A","accounts":[{"entries":[{"amount":"-1.00","at":"20h"}]}]}],"crowd":{"accounts":[{"share":5}]}}`,
		`{"bank":"x","people":[{"login":"a"},{"login":"a"}]}`, `[{"a":1}`, `{"a":{"a":{}},"a":[]}`, `nul`, "\xff",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Read(fstest.MapFS{"x.json": {Data: data}}, "")
		if err != nil {
			for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
				if r, ok := e.(*Refusal); !ok || r.Line < 1 || r.Column < 1 || r.Why == "" {
					t.Fatalf("a refusal without place or reason: %#v", e)
				}
			}
			return
		}
		if err := plantEmpty(got, 2); err != nil {
			t.Fatalf("was read but cannot be planted: %v", err)
		}
	})
}
