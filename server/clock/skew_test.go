package clock_test

import (
	"encoding/json"
	"testing"
	"time"

	"sandbank/server/clock"
)

func TestDateSkews(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want clock.DateSkew
		ok   bool
	}{
		{"follows", clock.DateSkew{}, true},
		{"off", clock.DateSkew{Off: true}, true},
		{"0s", clock.DateSkew{Apart: true}, true},
		{"300s", clock.DateSkew{Apart: true, By: 5 * time.Minute}, true},
		{"-2d", clock.DateSkew{Apart: true, By: -2 * clock.Day}, true},
		{"", clock.DateSkew{}, false}, {"on", clock.DateSkew{}, false}, {"Off", clock.DateSkew{}, false}, {"+300s", clock.DateSkew{}, false},
	}
	for _, tt := range tests {
		got, err := clock.ParseDateSkew(tt.text)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q is %+v, %v", tt.text, got, err)
		}
	}
}

func TestSkewIsBounded(t *testing.T) {
	t.Parallel()
	for field, s := range map[string]clock.Skew{
		"":                    {AuthorizationServer: clock.Offset(clock.MaxSkew), Date: clock.DateSkew{Apart: true, By: -clock.MaxSkew}},
		"authorizationServer": {AuthorizationServer: clock.Offset(clock.MaxSkew + 1)},
		"resourceServer":      {ResourceServer: -clock.Offset(clock.MaxSkew + 1)},
		"date":                {Date: clock.DateSkew{Apart: true, By: clock.MaxSkew + 1}},
	} {
		if got, err := s.Check(); got != field || (err == nil) != (field == "") {
			t.Errorf("%+v: field %q, %v; want %q", s, got, err, field)
		}
	}
}

func FuzzDateSkew(f *testing.F) {
	for _, text := range []string{"follows", "off", "300s", "-1d2h", "0", "1e9d", "9999999h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := clock.ParseDateSkew(text)
		if err != nil {
			return
		}
		p, err := json.Marshal(s)
		var again clock.DateSkew
		if err != nil || json.Unmarshal(p, &again) != nil || again != s {
			t.Errorf("%q is %+v, written %s, read %+v", text, s, p, again)
		}
	})
}
