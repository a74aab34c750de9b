package admin_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/har"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/journal"
	"sandbank/server/servertest"
)

// list asks for entries and returns their ids.
func (d *desk) list(query string) (ids []uint64, page admin.JournalPage) {
	d.t.Helper()
	d.pull("GET", "/journal"+query, nil).Want(200).Into(&page)
	for _, e := range page.Items {
		ids = append(ids, e.ID)
	}
	return ids, page
}

// issued is the id of the token that an entry issued.
func (d *desk) issued(entry uint64) string {
	d.t.Helper()
	ids := d.Journal().Entry(entry).Tokens
	if len(ids) == 0 {
		d.t.Fatal("no token was issued")
	}
	return ids[len(ids)-1]
}

// eventID is the id of the newest event.
func (d *desk) eventID() uint64 {
	d.t.Helper()
	_, page := d.list("?limit=1")
	return page.Event
}

func TestJournalFilters(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := d.token("")                              // 1 login, 2 token
	d.Get("/account/info", servertest.Bearer(bearer))  // 3
	d.pull("POST", "/clock", `{"advance":"10m"}`)      //
	d.Get("/account/info", servertest.Bearer(bearer))  // 4 expired
	d.Get("/yoisho/account/nowhere")                   // 5 no such path
	d.Do("POST", "/account/info?q=Zz%C3%9F", "needle") // 6 not allowed
	d.Get("/api/v1/s2s-oauth2/code")                   // 7 another bank
	at := d.issued(2)
	tests := []struct {
		query string
		want  []uint64
	}{
		{"", []uint64{7, 6, 5, 4, 3, 2, 1}},
		{"?bank=s2s", []uint64{7}},
		{"?op=info", []uint64{6, 4, 3}},
		{"?method=post", []uint64{6}},
		{"?path=/account/*", []uint64{6, 4, 3, 2, 1}},
		{"?path=*/inf?", []uint64{6, 4, 3}},
		{"?path=/account/info", []uint64{6, 4, 3}},
		{"?status=4xx&bank=yoisho", []uint64{6, 5, 4}},
		{"?status=405,404", []uint64{6, 5}},
		{"?status=303,2xx", []uint64{3, 2, 1}},
		{"?kind=token_expired", []uint64{4}},
		{"?refused=true", []uint64{7, 6, 5, 4}},
		{"?client=7b6fc8ed5127b0b2f076d", []uint64{4, 3, 2, 1}},
		{"?user=dave", []uint64{4, 3, 2, 1}},
		{"?user=yoisho/dave&op=info", []uint64{4, 3}},
		{"?user=ave", nil},
		{"?token=" + at, []uint64{4, 3, 2}},
		{"?text=NEEDLE", []uint64{6}},
		{"?text=10+min+ago", nil},
		{"?text=expired", []uint64{4}},
		{"?since=5", []uint64{7, 6}},
		{"?since=1m", []uint64{7, 6, 5, 4}},
		{"?since=2026-12-03T15:45:08Z", []uint64{7, 6, 5, 4, 3, 2, 1}},
		{"?since=2026-12-03T15:45:09Z&status=4xx", []uint64{7, 6, 5, 4}},
	}
	for _, tt := range tests {
		if got, _ := d.list(tt.query); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.query, got, tt.want)
		}
	}
	for _, query := range []string{"?status=9xx", "?status=abc", "?refused=perhaps", "?since=yesterday", "?limit=0", "?limit=1001", "?cursor=x", "?stat=4xx", "?reveal=2"} {
		d.pull("GET", "/journal"+query, nil).Want(422)
	}
}

func TestJournalPages(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{Journal: 10}, admin.Options{})
	for range 13 {
		d.Get("/account/home").Want(200)
	}
	var all []uint64
	next := ""
	for range 5 {
		ids, page := d.list("?limit=4&cursor=" + next)
		all = append(all, ids...)
		if page.Total != 13 || page.Dropped != 3 {
			t.Errorf("total %d, dropped %d", page.Total, page.Dropped)
		}
		if next = page.Next; next == "" {
			break
		}
	}
	if want := []uint64{13, 12, 11, 10, 9, 8, 7, 6, 5, 4}; !slices.Equal(all, want) {
		t.Errorf("%v, want %v", all, want)
	}
	d.pull("GET", "/journal/3", nil).Want(404)
	d.pull("GET", "/journal/14", nil).Want(404)
	d.pull("DELETE", "/journal", nil).Want(204)
	if ids, page := d.list(""); len(ids) != 0 || page.Total != 13 {
		t.Errorf("after clearing: %v, total %d", ids, page.Total)
	}
	d.Get("/account/home")
	if ids, _ := d.list(""); !slices.Equal(ids, []uint64{14}) {
		t.Errorf("after clearing and one more: %v", ids)
	}
}

func TestJournalEntryTellsWhy(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := d.token("")
	d.pull("POST", "/clock", `{"advance":"61s"}`)
	d.Get("/account/info", servertest.Bearer(bearer)).Want(400)
	var e admin.EntryView
	d.pull("GET", "/journal/3", nil).Want(200).Into(&e)
	if e.Failed == nil || e.Failed.Name != "not expired" || !strings.Contains(e.Why, "expired 1 s ago; 1m by") || len(e.Trail) < 3 || !e.Trail[0].OK {
		t.Errorf("why: %+v, %q", e.Failed, e.Why)
	}
	if !e.Masked || e.Response.Cut || e.Response.Type != "application/json" || !strings.Contains(e.Response.Body, "error") || e.Response.Size != len(e.Response.Body) {
		t.Errorf("response %+v", e.Response)
	}
	authorization := func() string {
		for _, h := range e.Request.Headers {
			if h.Name == "Authorization" {
				return h.Value
			}
		}
		return ""
	}
	if got := authorization(); got != "Bearer "+bearer[:4]+"…" {
		t.Errorf("masked: %q", got)
	}
	d.pull("GET", "/journal/3?reveal=true", nil).Want(200).Into(&e)
	if got := authorization(); got != "Bearer "+bearer || e.Masked {
		t.Errorf("revealed: %q", got)
	}
	d.pull("GET", "/journal/none", nil).Want(404)
	d.pull("GET", "/journal/3?as=basic", nil).Want(422)
}

// No face of the journal may show what opens something, unless it is asked to.
func TestSecretsAreMaskedEverywhere(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	const secret = "724e6890757b0ae624684b70e111b705fe6b050c"
	bearer := d.token("")
	d.Get("/account/info", servertest.Bearer(bearer)).Want(200)
	_, code, _ := strings.Cut(d.Journal().Entry(1).Response.Header("Location"), "code=")
	for _, path := range []string{"", "/1", "/2", "/3", "/2?as=curl", "/3?as=curl", "/3?as=httpie", "/3?as=fetch", "/3?as=go", "/3?as=python", "/export?format=har", "/export?format=jsonl"} {
		body := d.pull("GET", "/journal"+path, nil).Want(200).Body
		for what, text := range map[string]string{"token": bearer, "secret": secret, "code": code} {
			if strings.Contains(body, text) {
				t.Errorf("%s shows the %s", path, what)
			}
		}
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		if whole := d.pull("GET", "/journal"+path+sep+"reveal=true", nil).Want(200).Body; path != "/1" && path != "" &&
			!strings.Contains(whole, bearer) && !strings.Contains(whole, secret) {
			t.Errorf("%s does not reveal what it is asked to", path)
		}
	}
}

// A handshake that was broken off is an entry without a request: what writes requests down or sends them again has none.
func TestBrokenHandshakeInTheJournal(t *testing.T) {
	t.Parallel()
	d := open(t, secure(), admin.Options{})
	conn, err := tls.Dial("tcp", strings.TrimPrefix(d.URL(), "https://"), &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS12})
	if err == nil {
		conn.Close()
		t.Fatal("it is trusted")
	}
	d.pull("GET", "/wait?event=request&op=handshake&since=1h", nil).Want(200)
	e := d.pull("GET", "/journal/1", nil).Want(200).JSON()
	if e["op"] != "handshake" || e["method"] != "TLS" || e["bank"] != "" || !strings.Contains(e["why"].(string), "it said: ") {
		t.Errorf("%v", e)
	}
	a := d.pull("GET", "/journal/export?format=har", nil).Want(200)
	if got := a.JSON()["log"].(map[string]any)["entries"].([]any); len(got) != 0 {
		t.Errorf("HAR has %v", got)
	}
	d.want("lines of JSONL", strings.Count(d.pull("GET", "/journal/export?format=jsonl", nil).Want(200).Body, `"op":"handshake"`), 1)
	for _, style := range journal.Styles() {
		if text := d.pull("GET", "/journal/1?as="+style, nil).Want(200).Body; !strings.Contains(text, "https://localhost:") || strings.Contains(text, "TLS") {
			t.Error(text)
		}
	}
	if why := d.pull("POST", "/journal/1/replay", nil).Want(409).Text("detail"); !strings.Contains(why, "handshake") {
		t.Error(why)
	}
	if list := d.pull("GET", "/report", nil).Want(200).Body; strings.Contains(list, "handshake") {
		t.Error(list)
	}
}

// The archive is read by types that were generated from the format's description, and nothing in it may be unknown to them.
func TestExportIsHAR(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := d.token("")
	d.Get("/account/info", servertest.Bearer(bearer), servertest.Header("Cookie", "a=b; c=dddddddd"))
	d.Do("GET", "/api/v1/s2s-oauth2/code", "\xff\x00binary", servertest.Header("Content-Type", "application/octet-stream"))
	d.Get("/connections/yoisho?next=%22%3C")
	a := d.pull("GET", "/journal/export", nil).Want(200)
	if got := a.Header.Get("Content-Disposition"); got != `attachment; filename="sandbank-main.har"` || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%q, %q", got, a.Header.Get("Content-Type"))
	}
	var loose map[string]any
	a.Into(&loose)
	plain, _ := json.Marshal(standard(loose))
	var h har.HAR
	strict := json.NewDecoder(strings.NewReader(string(plain)))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&h); err != nil {
		t.Fatal(err)
	}
	if h.Log.Version != "1.2" || h.Log.Creator.Name != "Sandbank" || len(h.Log.Entries) < 4 {
		t.Fatalf("log %+v", h.Log)
	}
	for i, e := range h.Log.Entries {
		if _, err := time.Parse(time.RFC3339Nano, e.StartedDateTime); err != nil {
			t.Error(err)
		}
		if r, err := http.NewRequest(e.Request.Method, e.Request.URL, nil); err != nil || r.URL.Host == "" {
			t.Errorf("entry %d: %s %s: %v", i, e.Request.Method, e.Request.URL, err)
		}
		if e.Time < 0 || e.Response.Status == 0 || e.Response.StatusText == "" || e.Response.Content.MimeType == "" && e.Response.Content.Size > 0 {
			t.Errorf("entry %d: %+v %+v", i, e, e.Response)
		}
	}
	raw := loose["log"].(map[string]any)["entries"].([]any)
	for _, e := range raw {
		required(t, e, "startedDateTime time request response cache timings")
		required(t, e.(map[string]any)["request"], "method url httpVersion cookies headers queryString headersSize bodySize")
		required(t, e.(map[string]any)["response"], "status statusText httpVersion cookies headers content redirectURL headersSize bodySize")
		required(t, e.(map[string]any)["timings"], "send wait receive")
	}
	if c := h.Log.Entries[2].Request.Cookies; len(c) != 2 || c[1].Name != "c" || c[1].Value != "dddd…" {
		t.Errorf("cookies %+v", c)
	}
}

// standard takes away what the format leaves to the writer.
func standard(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, one := range v {
			if strings.HasPrefix(name, "_") {
				delete(v, name)
				continue
			}
			v[name] = standard(one)
		}
	case []any:
		for i := range v {
			v[i] = standard(v[i])
		}
	}
	return v
}

func required(t *testing.T, v any, names string) {
	t.Helper()
	m, ok := v.(map[string]any)
	for name := range strings.FieldsSeq(names) {
		if value, has := m[name]; !ok || !has || value == nil {
			t.Errorf("%s is missing in %v", name, v)
		}
	}
}

func TestExportIsJSONLines(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.token("")
	d.Get("/account/home")
	s := bufio.NewScanner(strings.NewReader(d.pull("GET", "/journal/export?format=jsonl&status=2xx", nil).Want(200).Body))
	var ids []uint64
	for s.Scan() {
		var e admin.EntryView
		if err := json.Unmarshal(s.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.ID)
	}
	if !slices.Equal(ids, []uint64{2, 3}) {
		t.Errorf("ids %v", ids)
	}
	d.pull("GET", "/journal/export?format=xml", nil).Want(422)
}

// What the console offers to copy must bring about the same request again.
func TestCommandsSendTheSameRequest(t *testing.T) {
	t.Parallel()
	run := map[string]func(t *testing.T, text string) *exec.Cmd{
		"curl":   func(_ *testing.T, text string) *exec.Cmd { return exec.Command("sh", "-c", text) },
		"httpie": func(_ *testing.T, text string) *exec.Cmd { return exec.Command("sh", "-c", text) },
		"python": func(_ *testing.T, text string) *exec.Cmd { return exec.Command("python3", "-c", text) },
		"fetch": func(_ *testing.T, text string) *exec.Cmd {
			return exec.Command("node", "--input-type=module", "-e", text)
		},
		"go": func(t *testing.T, text string) *exec.Cmd {
			name := filepath.Join(t.TempDir(), "main.go")
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return exec.Command("go", "run", name)
		},
	}
	need := map[string][]string{"curl": {"curl", "--version"}, "httpie": {"http", "--version"}, "python": {"python3", "-c", "import requests"}, "fetch": {"node", "--version"}, "go": {"go", "version"}}
	d := open(t, server.Options{}, admin.Options{})
	d.Do("POST", "/s2s/api/v1/s2s-oauth2/token?a=%20b&c[]={1}", "grant_type=client_credentials&x='$HOME`\"\\\n%F0%9F%8F%A6 ü",
		servertest.Basic("s2s-demo", "it's"), servertest.Header("Content-Type", "application/x-www-form-urlencoded"), servertest.Header("X-Quote", `'"$(x)`+"`"))
	d.Do("PUT", "/s2s/api/v1/x", "\x00\xff\xfe", servertest.Header("Content-Type", "application/octet-stream"))
	d.Get("/s2s/api/v1/accounts", servertest.Bearer("nothing-like-a-token"))
	for _, style := range journal.Styles() {
		if err := exec.Command(need[style][0], need[style][1:]...).Run(); err != nil {
			t.Logf("%s is not tried: %v", style, err)
			continue
		}
		for id := uint64(1); id <= 3; id++ {
			if style == "go" && id > 1 {
				continue // it compiles
			}
			t.Run(style+strconv.FormatUint(id, 10), func(t *testing.T) {
				want := d.Journal().Entry(id)
				out, err := run[style](t, d.pull("GET", fmt.Sprintf("/journal/%d?as=%s&reveal=true", id, style), nil).Want(200).Body).CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				got := d.Last()
				if got.Method != want.Method || plain(got.Target) != plain(want.Target) || got.Status != want.Status || string(got.Request.Body) != string(want.Request.Body) {
					t.Errorf("sent %s %s %q, want %s %s %q", got.Method, got.Target, got.Request.Body, want.Method, want.Target, want.Request.Body)
				}
				for _, name := range []string{"Authorization", "Content-Type", "X-Quote"} {
					if got.Request.Header(name) != want.Request.Header(name) {
						t.Errorf("%s: %q, want %q", name, got.Request.Header(name), want.Request.Header(name))
					}
				}
			})
		}
	}
}

// plain is a target without its percent-encoding, in which the tools differ.
func plain(target string) string {
	text, _ := url.QueryUnescape(target)
	return text
}
