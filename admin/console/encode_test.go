package console

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"sandbank/admin"
)

type order struct {
	ID     string             `json:"id"`
	Count  int                `json:"count"`
	Share  float64            `json:"share"`
	On     *bool              `json:"on"`
	Names  []string           `json:"names"`
	Nums   []int              `json:"nums"`
	Life   *admin.Duration    `json:"life"`
	At     *time.Time         `json:"at"`
	Raw    json.RawMessage    `json:"raw"`
	Set    map[string]*string `json:"set"`
	Inner  depth              `json:"inner"`
	Choose choice             `json:"choose"`
}

type depth struct {
	Deep int `json:"deep"`
}

type choice struct{ Bank string }

func (c *choice) UnmarshalJSON(p []byte) error { return json.Unmarshal(p, &c.Bank) }

func TestEncode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, form, want string }{
		{"nothing", "", `{}`},
		{"empty fields are absent", "id=&count=&names=", `{}`},
		{"empty counts", "id=@&id=&names=@&names=", `{"id":"","names":[]}`},
		{"boxes of which none is ticked", "names=@", `{"names":[]}`},
		{"kinds", "id=a&count=3&share=0.5&on=true", `{"count":3,"id":"a","on":true,"share":0.5}`},
		{"an unticked box", "on=false", `{"on":false}`},
		{"a ticked one", "on=false&on=true", `{"on":true}`},
		{"what does not fit is left to the operation", "count=many", `{"count":"many"}`},
		{"lists by line, comma and repetition", "names=a%0D%0Ab,c&names=d", `{"names":["a","b","c","d"]}`},
		{"numbers in lists", "nums=1,2", `{"nums":[1,2]}`},
		{"durations are texts", "life=5s", `{"life":"5s"}`},
		{"a browser's instant is UTC", "at=2026-12-03T16:45", `{"at":"2026-12-03T16:45:00Z"}`},
		{"an instant as it is", "at=2026-12-03T16:45:08.123456789%2B01:00", `{"at":"2026-12-03T16:45:08.123456789+01:00"}`},
		{"JSON", `raw={"a":1}`, `{"raw":{"a":1}}`},
		{"JSON that is none", "raw=a", `{"raw":"a"}`},
		{"maps keep dots in their keys", "set.a.b=c", `{"set":{"a.b":"c"}}`},
		{"nested", "inner.deep=4", `{"inner":{"deep":4}}`},
		{"types that read themselves", "choose=yoisho", `{"choose":"yoisho"}`},
		{"unknown fields are passed on, to be refused by name", "nope=1", `{"nope":"1"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			form, err := url.ParseQuery(tt.form)
			if err != nil {
				t.Fatal(err)
			}
			got, err := encode(order{}, form)
			if err != nil || string(got) != tt.want {
				t.Errorf("%s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func FuzzEncode(f *testing.F) {
	for _, seed := range []string{"id=a&count=3", "inner.deep=1&inner=2", "set.a.b=c&set=1", "a.b.c=1&a.b=2&a=3", "=x", "names=@&names=", "raw=[", "inner.=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		form, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		if got, err := encode(order{}, form); err == nil && !json.Valid(got) {
			t.Errorf("%q became %s", text, got)
		}
		encode(nil, form)
	})
}

// A form can be sent from anywhere that can guess it: where it leads afterwards must stay within the console of this space.
func TestOwn(t *testing.T) {
	t.Parallel()
	v := &visit{Place: admin.Place{Root: "/s/p07"}}
	for _, tt := range []struct{ to, want string }{
		{"/s/p07/admin/tokens?state=live", "/s/p07/admin/tokens?state=live"},
		{"/s/p07/admin", "/s/p07/admin"},
		{"", "/s/p07/admin"},
		{"/admin/tokens", "/s/p07/admin"},
		{"/s/p07/administrator", "/s/p07/admin"},
		{"//evil.example/s/p07/admin", "/s/p07/admin"},
		{"https://evil.example/s/p07/admin/", "/s/p07/admin"},
		{`/s/p07/admin/\evil`, "/s/p07/admin"},
		{"/s/p07/admin/../../evil", "/s/p07/admin"},
		{"/s/p07/admin/%2e%2e/%2e%2e/evil", "/s/p07/admin"},
		{"javascript:alert(1)", "/s/p07/admin"},
		{"/s/p07/admin/x\r\nSet-Cookie: a=b", "/s/p07/admin"},
	} {
		if got := v.own(tt.to); got != tt.want {
			t.Errorf("%q leads to %q, want %q", tt.to, got, tt.want)
		}
	}
}

func FuzzOwn(f *testing.F) {
	f.Add("/admin/tokens/a%2Fb?x=1#y")
	f.Add("//evil")
	v := &visit{}
	here := &url.URL{Scheme: "http", Host: "localhost", Path: "/"}
	f.Fuzz(func(t *testing.T, to string) {
		u, err := here.Parse(v.own(to))
		if err != nil || u.Host != "localhost" || u.Scheme != "http" || u.Path != "/admin" && !strings.HasPrefix(u.Path, "/admin/") {
			t.Errorf("%q leads to %v, %v", to, u, err)
		}
	})
}

func TestSearched(t *testing.T) {
	t.Parallel()
	var bank, user string
	fields := map[string]*string{"bank": &bank, "user": &user}
	if err := searched(" bank:berlin  jane ", fields, "user"); err != nil || bank != "berlin" || user != "jane" {
		t.Errorf("%q %q, %v", bank, user, err)
	}
	if err := searched("nope:1", fields, "user"); err == nil || !strings.Contains(err.Error(), "bank, user") {
		t.Errorf("%v", err)
	}
	if err := searched("bank:yoisho", fields, "user"); err != nil || bank != "berlin" {
		t.Errorf("what the address says was overwritten by %q, %v", bank, err)
	}
}

func TestQuoted(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"abc": "abc", "a b": "'a b'", "it's": `'it'\''s'`, `{"a":1}`: `'{"a":1}'`, "http://x/y?a=b&c": "'http://x/y?a=b&c'"} {
		if got := quoted(in); got != want {
			t.Errorf("%q became %s", in, got)
		}
	}
}

// The script and the server write countdowns alike: both are held to this table, the script's in the browser.
func TestRemaining(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		d    time.Duration
		want string
	}{{time.Second, "00:01"}, {999 * time.Millisecond, "00:01"}, {59 * time.Second, "00:59"}, {time.Hour, "01:00:00"}, {26*time.Hour + 11*time.Minute, "1 d 02:11"},
		{90 * 24 * time.Hour, "90 d"}} {
		if got := remaining(tt.d); got != tt.want {
			t.Errorf("%v is %q, want %q", tt.d, got, tt.want)
		}
	}
	for d, want := range map[time.Duration]string{time.Minute: "60 s", 10 * time.Minute: "10 min", time.Hour: "1 h", 90 * 24 * time.Hour: "90 d", 1095 * time.Second: "18 min 15 s", 745 * time.Hour: "31 d 1 h", 3661 * time.Second: "1 h 1 min 1 s",
		5 * time.Second: "5 s", 1500 * time.Millisecond: "1.5 s", -45 * time.Second: "−45 s"} {
		if got := span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

// A sentence begins with a capital, a name of the wire never does.
func TestCapital(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "the token": "The token", "østfold": "Østfold", "at_9f3 expired": "at_9f3 expired", "expires_in is 0": "expires_in is 0",
		"finapi/dave is locked": "finapi/dave is locked", "sparebank1 has none": "sparebank1 has none", "access: open.": "Access: open."} {
		if got := capital(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
