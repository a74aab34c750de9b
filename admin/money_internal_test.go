package admin

import (
	"encoding/json"
	"testing"
)

func TestMoney(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{`"12.34"`: 1234, `"-0.05"`: -5, `"7"`: 700, `1234`: 1234, `-1`: -1, `0`: 0, `"999999999999.99"`: mostMoney, `"-999999999999.99"`: -mostMoney} {
		var m Money
		if err := json.Unmarshal([]byte(text), &m); err != nil || int64(m) != want {
			t.Errorf("%s is %d, %v", text, m, err)
		}
	}
	for _, text := range []string{`"12.3"`, `"12.345"`, `12.34`, `1e3`, `""`, `"."`, `".50"`, `"5."`, `"1,00"`, `"+1"`, `"--1"`, `true`, `[1]`, `"1000000000000.00"`, `100000000000000`, `99999999999999999999`} {
		var m Money
		if err := json.Unmarshal([]byte(text), &m); err == nil {
			t.Errorf("%s is taken as %d", text, m)
		}
	}
}

// What is read is written so that it reads the same.
func FuzzMoney(f *testing.F) {
	for _, s := range []string{`"12.34"`, `1234`, `"-0.05"`, `1e9`, `"7"`, `null`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var m, again Money
		if json.Unmarshal([]byte(text), &m) != nil {
			return
		}
		p, err := json.Marshal(m)
		if err != nil || json.Unmarshal(p, &again) != nil || again != m || m > mostMoney || m < -mostMoney {
			t.Fatalf("%q is %d, written %s, read %d", text, m, p, again)
		}
	})
}
