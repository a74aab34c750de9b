package sparebank1

import (
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"
)

func civil(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

// The dates of Easter are those of the almanac.
func TestEaster(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"1961-04-02", "2000-04-23", "2008-03-23", "2016-03-27", "2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25", "2100-03-28"} {
		if got := easter(civil(want).Year()); !got.Equal(civil(want)) {
			t.Errorf("Easter is on %s, want %s", got.Format(time.DateOnly), want)
		}
	}
}

func TestBankDays(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"closed": {"2026-01-01", "2026-01-03", "2026-01-04", "2026-04-02", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-25",
			"2027-05-17", "2026-12-25", "2026-12-26", "2028-04-13", "2028-04-17", "2028-05-25", "2028-06-05"},
		"open": {"2026-01-02", "2026-04-01", "2026-04-07", "2026-05-13", "2026-05-15", "2026-05-26", "2026-05-18", "2026-12-24", "2026-12-28", "2026-12-31", "2028-04-12"},
	}
	for state, days := range tests {
		for _, d := range days {
			if closed(civil(d)) != (state == "closed") {
				t.Errorf("%s is not %s", d, state)
			}
		}
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	const noon = "2026-12-03T12:00:00+01:00" // a Thursday
	tests := []struct{ name, now, asked, due, at, warnings string }{
		{"today, unasked", noon, "", "2026-12-03", noon, ""},
		{"today, asked for", noon, "2026-12-03", "2026-12-03", noon, ""},
		{"tomorrow", noon, "2026-12-04", "2026-12-04", "2026-12-04T06:00:00+01:00", ""},
		{"yesterday", noon, "2026-12-02", "2026-12-03", noon, warnPast},
		{"on Saturday", noon, "2026-12-05", "2026-12-07", "2026-12-07T06:00:00+01:00", warnClosed},
		{"at Christmas", noon, "2026-12-25", "2026-12-28", "2026-12-28T06:00:00+01:00", warnClosed},
		{"Easter, in summer time", noon, "2027-03-25", "2027-03-30", "2027-03-30T06:00:00+02:00", warnClosed},
		{"a second before the cutoff", "2026-12-03T19:59:59+01:00", "", "2026-12-03", "2026-12-03T19:59:59+01:00", ""},
		{"at the cutoff", "2026-12-03T20:00:00+01:00", "", "2026-12-04", "2026-12-04T06:00:00+01:00", warnCutoff},
		{"Friday night", "2026-12-04T23:00:00+01:00", "2026-12-04", "2026-12-07", "2026-12-07T06:00:00+01:00", warnCutoff},
		{"yesterday, at night", "2026-12-03T21:00:00+01:00", "2026-12-01", "2026-12-04", "2026-12-04T06:00:00+01:00", warnPast + " " + warnCutoff},
		{"tomorrow, at night", "2026-12-03T21:00:00+01:00", "2026-12-04", "2026-12-04", "2026-12-04T06:00:00+01:00", ""},
		{"yesterday, on Sunday", "2026-12-06T09:00:00+01:00", "2026-12-05", "2026-12-07", "2026-12-07T06:00:00+01:00", warnPast},
		{"on Sunday, unasked", "2026-12-06T21:00:00+01:00", "", "2026-12-07", "2026-12-07T06:00:00+01:00", warnClosed},
		{"it is tomorrow in Norway", "2026-12-03T23:30:00Z", "2026-12-03", "2026-12-04", "2026-12-03T23:30:00Z", warnPast},
	}
	for _, tt := range tests {
		now, _ := time.Parse(time.RFC3339, tt.now)
		want, _ := time.Parse(time.RFC3339, tt.at)
		var asked time.Time
		if tt.asked != "" {
			asked = civil(tt.asked)
		}
		due, at, warnings := schedule(asked, now)
		if !due.Equal(civil(tt.due)) || !at.Equal(want) || strings.Join(warnings, " ") != tt.warnings {
			t.Errorf("%s: due %s at %s %q, want %s at %s %q", tt.name, due.Format(time.DateOnly), at, warnings, tt.due, want, tt.warnings)
		}
	}
}

func TestParseAmount(t *testing.T) {
	t.Parallel()
	good := map[string]money{"0.01": 1, "0.1": 10, "1": 100, "12.32": 1232, "0.29": 29, "1000000000": mostDebit, "1000000000.00": mostDebit, "999999999.99": mostDebit - 1}
	for text, want := range good {
		if got, ok := parseAmount(text, mostDebit); !ok || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "0", "0.00", "0.001", "-1", "+1", "1.", ".5", "1,5", "1e3", "01", "1.234", "1000000000.01", "10000000000", "99999999999999999999",
		" 1", "1 ", "1_0", "NaN", "0x1", "١"} {
		if got, ok := parseAmount(text, mostDebit); ok {
			t.Errorf("%q is taken as %d", text, got)
		}
	}
}

func FuzzAmount(f *testing.F) {
	for _, s := range []string{"0.01", "12.3", "1000000000", "01", "1.", "-1", "1e3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, ok := parseAmount(text, mostDebit)
		if !ok {
			return
		}
		if m < 1 || m > mostDebit {
			t.Fatalf("%q is %d", text, m)
		}
		again, ok := parseAmount(m.decimal("."), mostDebit)
		if !ok || again != m {
			t.Fatalf("%q is %s, which is %d", text, m.decimal("."), again)
		}
		if v, err := strconv.ParseFloat(text, 64); err != nil || v*100 < float64(m)-0.5 || v*100 > float64(m)+0.5 {
			t.Fatalf("%q is %d minor units and the number %v", text, m, v)
		}
	})
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for m, want := range map[money]string{0: "0.00", 1: "0.01", -1: "-0.01", 110: "1.10", -12345: "-123.45", 100000000000: "1000000000.00"} {
		if got, err := json.Marshal(m); err != nil || string(got) != want {
			t.Errorf("%d is %s, %v; want %s", int64(m), got, err, want)
		}
	}
}

func TestAccountNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"99994010014": true, "99994020028": true, "99994010015": false, "9999401001": false, "999940100144": false,
		"9999.40.10014": false, "K9999000271": false, "": false, "9999401001x": false, "00000000000": true} {
		if accountNumber(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestMediaType(t *testing.T) {
	t.Parallel()
	const v1, v5 = "application/vnd.sparebank1.v1+json; charset=utf-8", "application/vnd.sparebank1.v5+json; charset=utf-8"
	for accept, want := range map[string]string{
		"": v1, "*/*": v1, v1: v1, v5: v5, "application/vnd.sparebank1.v5+json;charset=UTF-8": v5, "APPLICATION/VND.SPAREBANK1.V5+JSON": v5,
		"text/html, " + v5: v5, v5 + ", " + v1: v5, "application/json": plain, "application/json, text/plain, */*": plain,
		"application/vnd.sparebank1.v9+json": v1, "application/vnd.sparebank1.v+json": v1, "application/vnd.sparebank1.v55+json": v1, "text/plain": v1, ",;,": v1,
	} {
		if got := mediaType(accept); got != want {
			t.Errorf("Accept %q gets %q, want %q", accept, got, want)
		}
	}
}

func FuzzMediaType(f *testing.F) {
	for _, s := range []string{"", "*/*", "application/vnd.sparebank1.v5+json; charset=utf-8", "application/json;q=0.1, */*", "a/b;;;,,", "APPLICATION/CSV"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		got := mediaType(accept)
		if kind, _, _ := strings.Cut(got, ";"); got != plain && version(kind) == 0 {
			t.Fatalf("Accept %q gets %q", accept, got)
		}
		takesCSV(accept)
	})
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"Kiwi", "=1+1", `a"b;c`, "-5", "@x", "\tx", "", "x\r\ny", "'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		safe := harmless(text)
		if safe != "" && strings.ContainsRune("=+-@\t\r\n", rune(safe[0])) {
			t.Fatalf("%q begins a formula", safe)
		}
		r := csv.NewReader(strings.NewReader(quoted(safe) + ";" + quoted(safe) + ";\n"))
		r.Comma = ';'
		cells, err := r.Read()
		want := strings.ReplaceAll(safe, "\r\n", "\n") // as the reader has it
		if err != nil || len(cells) != 3 || cells[0] != want || cells[1] != want {
			t.Fatalf("%q comes back as %q, %v", safe, cells, err)
		}
	})
}
