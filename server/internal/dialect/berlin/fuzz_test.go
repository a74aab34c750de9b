package berlin_test

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sandbank/server/internal/dialect/berlin"
)

func now() time.Time { return time.Date(2026, 12, 3, 15, 45, 8, 0, time.UTC) }

// Whatever is asked for is either refused with a text, or kept as JSON that reads the same again.
func FuzzConsentRequest(f *testing.F) {
	for _, body := range []string{wholeAsk, globalAsk, listAsk, sumsAsk, onceAsk, janeAsk, `{}`, `null`, `[`, `{"access":{"accounts":[{"other":{}}]}}`, access(`{"accounts":[],"restrictedTo":["CACC"]}`),
		access(`{"balances":[{"bban":"1"}],"additionalInformation":{"ownerName":[{"bban":"1"}]}}`)} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		model, frequency, until, kept, err := berlin.ReadAsk(body, now())
		if err != nil {
			if text, _ := berlin.Said(err); text == "" {
				t.Errorf("refused without a text: %v", err)
			}
			return
		}
		if model == "" || frequency < 1 || until.Before(now().Add(-25*time.Hour)) || !json.Valid([]byte(kept)) {
			t.Errorf("%q %d %v %s", model, frequency, until, kept)
		}
		again, _, _, same, err := berlin.ReadAsk([]byte(access(kept)), now())
		if err != nil || again != model || same != kept {
			t.Errorf("kept %s reads as %q %s, %v", kept, again, same, err)
		}
	})
}

// A query that is accepted is repeated by the links of its pages, so that they can be followed.
func FuzzTransactionQuery(f *testing.F) {
	for _, q := range []string{"bookingStatus=booked&dateFrom=2026-11-01", "bookingStatus=both&deltaList=true", "bookingStatus=all&dateFrom=2026-01-01&dateTo=2026-02-01&pageIndex=3&itemsPerPage=7",
		"bookingStatus=booked&entryReferenceFrom=a%26b&withBalance=true", "bookingStatus=pending&page=99&pageSize=1", "bookingStatus=information"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		v, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		page, size, link, err := berlin.ReadQuery(v.Get, now())
		if err != nil {
			if text, _ := berlin.Said(err); text == "" {
				t.Errorf("refused without a text: %v", err)
			}
			return
		}
		if page < 1 || size < 1 || size > 500 {
			t.Errorf("page %d of %d", page, size)
		}
		again, err := url.ParseQuery(link)
		if err != nil {
			t.Fatalf("the link %q: %v", link, err)
		}
		if v.Get("deltaList") == "true" {
			return // its links name an entry or a date instead, once that is known
		}
		p, s, same, err := berlin.ReadQuery(again.Get, now())
		if err != nil || p != page || s != size || same != link {
			t.Errorf("%q became %q: %d %d %q %v", raw, link, p, s, same, err)
		}
	})
}

func FuzzAccept(f *testing.F) {
	for _, a := range []string{"", "*/*", "application/json;q=0", "text/html, application/*;q=0.1", ";;;,q=", "application/problem+json"} {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, header string) {
		one, problem := berlin.Accepts(header)
		if two, other := berlin.Accepts(header + ", application/json, application/problem+json"); !two || !other {
			t.Errorf("%q: adding what is there makes it %v %v", header, two, other)
		}
		if (one || problem) && strings.TrimSpace(header) != "" && !strings.Contains(strings.ToLower(header), "application/") && !strings.Contains(header, "*/*") {
			t.Errorf("%q accepts JSON", header)
		}
	})
}

func FuzzUUID(f *testing.F) {
	f.Add(uuid)
	f.Add(strings.ToUpper(uuid))
	f.Add(strings.Repeat("-", 36))
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := berlin.IsUUID(text), uuidShape.MatchString(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	})
}

func FuzzDay(f *testing.F) {
	for _, d := range []string{"2026-12-03", "9999-12-31", "2026-02-29", "2026-3-1", "0000-01-01", "2026-03-29", " 2026-12-03"} {
		f.Add(d)
	}
	f.Fuzz(func(t *testing.T, text string) {
		day, ok := berlin.ParseDay(text)
		if ok && day.In(berlin.Sofia()).Format(time.DateOnly) != text {
			t.Errorf("%q is %v", text, day)
		}
	})
}

// Money goes through text without a float: what is written reads back.
func FuzzAmount(f *testing.F) {
	for _, n := range []int64{0, 1, -1, 99, -100, 421033, -9223372036854775808, 9223372036854775807} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n int64) {
		text := berlin.Amount(n)
		whole, cents, _ := strings.Cut(text, ".")
		if back, err := strconv.ParseInt(whole+cents, 10, 64); err != nil || back != n || len(cents) != 2 {
			t.Errorf("%d is %q", n, text)
		}
		shown := berlin.Figure(n, "EUR")
		if strings.NewReplacer(",", "", "€ ", "").Replace(shown) != text {
			t.Errorf("%q is shown as %q", text, shown)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("Ipotechen otdel", 4)
	f.Add("\xff\"\\\r\n€", 2)
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = max(most%1000, 0)
		if got := berlin.Clip(text, most); utf8.RuneCountInString(got) > most && len(got) > most || !strings.HasPrefix(text, got) && utf8.ValidString(text) {
			t.Errorf("%q cut to %d is %q", text, most, got)
		}
		if got := berlin.Plain(text); strings.ContainsFunc(got, func(r rune) bool { return r < 0x20 || r > 0x7e || r == '"' || r == '\\' }) {
			t.Errorf("%q in a header is %q", text, got)
		}
		if got := strings.ReplaceAll(berlin.Grouped(text), " ", ""); got != strings.ReplaceAll(text, " ", "") {
			t.Errorf("%q grouped is %q", text, got)
		}
	})
}

func TestFigures(t *testing.T) {
	t.Parallel()
	for minor, want := range map[int64]string{0: "€ 0.00", 5: "€ 0.05", -5: "-€ 0.05", 99999: "€ 999.99", 100000: "€ 1,000.00", 421033: "€ 4,210.33", -123456789: "-€ 1,234,567.89"} {
		if got := berlin.Figure(minor, "EUR"); got != want {
			t.Errorf("%d is %q, want %q", minor, got, want)
		}
	}
	if got := berlin.Figure(100, "BGN"); got != "BGN 1.00" {
		t.Errorf("leva: %q", got)
	}
}

// Every entry is on exactly one page, whatever the sizes.
func TestPagesAreCutWhole(t *testing.T) {
	t.Parallel()
	for n := range 7 {
		for m := range 4 {
			for size := 1; size < 9; size++ {
				booked, pending := 0, 0
				for page := 1; page < 14; page++ {
					a, b := berlin.Pages(n, m, page, size)
					if a+b > size || a+b < size && booked+pending+a+b != n+m {
						t.Fatalf("%d+%d by %d: page %d has %d+%d", n, m, size, page, a, b)
					}
					booked, pending = booked+a, pending+b
				}
				if booked != n || pending != m {
					t.Fatalf("%d+%d by %d: %d+%d", n, m, size, booked, pending)
				}
			}
		}
	}
}
