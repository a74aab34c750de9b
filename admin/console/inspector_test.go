package console_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/servertest"
)

func TestInspectorIsEmptyFirst(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	p := s.screen("/admin/inspector")
	if p.Find(".list").Length() != 0 || p.Find(".empty p").Length() != 1 || p.Find(".empty .btn").Length() != 1 || !strings.Contains(p.Find(".empty code").Text(), "curl") {
		t.Errorf("an empty journal: %s", p.Find("main").Text())
	}
	s.furnish()
	if p := s.screen("/admin/inspector?q=client:nobody"); !strings.Contains(p.Find(".empty").Text(), "No request fits") || p.Find("#q").AttrOr("value", "") != "client:nobody" {
		t.Errorf("a filter that fits nothing: %s", p.Find("main").Text())
	}
	if p := s.screen("/admin/inspector?q=colour:red"); p.status != 422 || !strings.Contains(p.Find("main").Text(), `no filter "colour"`) {
		t.Errorf("an unknown filter: %d %s", p.status, p.Find("main").Text())
	}
}

func TestInspectorFilters(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	s.Get("/v1/accounts").Want(503) // by the armed fault
	for query, want := range map[string]int{
		"":                             int(s.Journal().Total()),
		"?status=4xx":                  2,
		"?refused=true":                3,
		"?fault=*":                     1,
		"?q=bank:berlin":               2,
		"?q=bank:berlin+status:4xx":    1,
		"?q=path:token":                2,
		"?q=kind:token_expired":        1,
		"?q=op:info&status=4xx":        1,
		"?q=user:dave+status:2xx":      4,
		"?q=account/balance":           1,
		"?q=nobody+issued+this":        1,
		"?q=since:5s":                  6,
		"?q=method:GET+bank:berlin":    2,
		"?bank=yoisho&q=bank:berlin":   int(s.Journal().Total()) - 2,
		"?q=" + url.QueryEscape("a b"): 0,
	} {
		p := s.screen("/admin/inspector" + query)
		if got := p.Find(".list li").Length(); p.status != 200 || got != want {
			t.Errorf("%s: %d, %d entries, want %d", query, p.status, got, want)
		}
	}
	p := s.screen("/admin/inspector?status=4xx&tab=response&q=bank:berlin")
	if got := p.Find(".seg [aria-current]").Text(); got != "4xx" {
		t.Errorf("quick filter %q", got)
	}
	row := p.form(".list a").AttrOr("href", "")
	for _, part := range []string{"status=4xx", "tab=response", "q=bank%3Aberlin"} {
		if !strings.Contains(row, part) {
			t.Errorf("the row leads to %s, without %s", row, part)
		}
	}
	opened := s.screen(row)
	if opened.Find(".tabs [aria-current]").Text() != "Response" || opened.Find(".list a[aria-current]").Length() != 1 || opened.Find(".list li").Length() != 1 {
		t.Errorf("opened: %s", opened.Find("main").Text())
	}
	if file := p.form("a[download]").AttrOr("href", ""); !strings.Contains(file, "format=har&bank=berlin&status=4xx") {
		t.Errorf("the file is at %s", file)
	} else if got := s.Get(file).Want(200).Body; strings.Count(got, `"startedDateTime"`) != 1 {
		t.Errorf("the file: %s", got)
	}
	if hidden := fields(p.form("form[role=search]")); hidden.Get("status") != "4xx" || hidden.Get("tab") != "response" {
		t.Errorf("a search forgets %v", hidden)
	}
}

// entry opens the newest refusal of a kind.
func (s *stage) refusal(kind, query string) *screen {
	s.t.Helper()
	p := s.screen("/admin/inspector?q=kind:" + kind)
	row := p.form(".list a").AttrOr("href", "")
	path, _, _ := strings.Cut(row, "?")
	return s.screen(path + query)
}

func TestInspectorSaysWhy(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	p := s.refusal("token_expired", "")
	if got := p.Find("#rq + .badge").Text(); got != "400 token expired" {
		t.Errorf("badge %q", got)
	}
	no := p.Find(".why .no")
	if no.Length() != 1 || !strings.Contains(no.Text(), "1 s too late") || !strings.Contains(no.Text(), "Yoisho default") || no.Find("a.id").Length() != 1 {
		t.Errorf("the failed check: %s", no.Text())
	}
	if ok := p.Find(".why .ok").Length(); ok < 3 {
		t.Errorf("%d checks held", ok)
	}
	if note := p.Find(".note").Text(); !strings.Contains(note, "A correct client") {
		t.Errorf("note %q", note)
	}
	if note := p.Find(".note").Text(); !strings.Contains(note, "E67") {
		t.Errorf("cases: %q", note)
	}
	if got := p.Find("figure mark").First().Text(); got != "400" {
		t.Errorf("marked %q", got)
	}
	s.Get("/account/balance", servertest.Bearer("x")).Want(400)
	if na := s.refusal("token_unknown", "").Find(".why .na"); na.Length() == 0 || !strings.Contains(na.Text(), "not reached") {
		t.Errorf("what was not reached: %s", na.Text())
	}
	spoilt := s.Get("/v1/accounts").Want(503)
	if p := s.screen("/admin/inspector/" + fmt.Sprint(s.Last().ID)); spoilt.Status == 503 && !strings.Contains(p.Find(".note.warn").Text(), "Rule f_1") {
		t.Errorf("a spoilt call: %s", p.Find("article").Text())
	}
	for _, at := range []string{"/admin/inspector/99999", "/admin/inspector/x"} {
		if p := s.screen(at); p.status != 404 {
			t.Errorf("%s: %d", at, p.status)
		}
	}
}

func TestInspectorTabs(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	bearer := s.token()
	s.Get("/account/info?x=%3Cb%3E", servertest.Bearer(bearer)).Want(200)
	at := "/admin/inspector/" + fmt.Sprint(s.Last().ID)
	request := s.screen(at + "?tab=request")
	if got := request.Find("article").Text(); strings.Contains(got, bearer) || !strings.Contains(got, "Bearer "+bearer[:4]+"…") || !strings.Contains(got, "<b>") {
		t.Errorf("the request: %s", got)
	}
	if got := request.follow(`a:contains("Reveal")`).Find("article").Text(); !strings.Contains(got, bearer) {
		t.Errorf("revealed: %s", got)
	}
	if got := s.screen(at + "?tab=response").Find("article figure code").Text(); !strings.HasPrefix(got, "{\n  \"") {
		t.Errorf("the response is not indented: %s", got)
	}
	if got := s.screen(at + "?tab=timeline").Find(".moments li").Length(); got < 3 {
		t.Errorf("%d moments", got)
	}
	seq := s.screen(at + "?tab=flow")
	if seq.Find(".seq .now").Length() != 2 || seq.Find(".seq a.m").Length() < 3 {
		t.Errorf("the sequence: %s", seq.Find(".seq").Text())
	}
	s.Get("/account/info", servertest.Bearer(bearer)).Want(200)
	diff := s.screen("/admin/inspector/" + fmt.Sprint(s.Last().ID) + "?tab=diff")
	other := diff.submit("article form[method=get]", "with", "#1")
	if other.Find("figcaption").Text() == diff.Find("figcaption").Text() || !strings.Contains(other.Find("article .tabs [aria-current]").Text(), "Diff with #1") {
		t.Errorf("with another request: %s", other.Find("article").Text())
	}
	if none := s.screen(diff.at + "&with=9999"); none.Find("#with-wrong").Length() != 1 || none.status != 422 {
		t.Errorf("with a request that there is none of: %d %s", none.status, none.Find("article").Text())
	}
	if diff.Find("del").Length() == 0 || !strings.Contains(diff.Find("ins").Text(), "GET /account/info") {
		t.Errorf("the difference: %s", diff.Find("article").Text())
	}
	for style, want := range map[string]string{"curl": "curl -sS", "httpie": "http ", "fetch": "await fetch(", "go": "http.NewRequest", "python": "requests."} {
		if got := s.screen(at + "?as=" + style + "&reveal=true").Find("#as code").Text(); !strings.Contains(got, want) || !strings.Contains(got, bearer) {
			t.Errorf("as %s: %s", style, got)
		}
	}
	if p := s.screen(at + "?as=cobol"); p.status != 400 {
		t.Errorf("as cobol: %d", p.status)
	}
	s.Do("POST", "/oauth/token", "\x00\xff", servertest.Header("Content-Type", "application/octet-stream"))
	if got := s.screen("/admin/inspector/" + fmt.Sprint(s.Last().ID) + "?tab=request").Find("article").Text(); !strings.Contains(got, "base64") {
		t.Errorf("a body that is no text: %s", got)
	}
	s.Do("POST", "/consent", `{"a":"`+strings.Repeat("x", 70000)+`"}`, servertest.Header("Content-Type", "application/json"))
	if got := s.screen("/admin/inspector/" + fmt.Sprint(s.Last().ID) + "?tab=request").Find("article .note.warn").Text(); !strings.Contains(got, "68.4 KiB") {
		t.Errorf("a body that was cut: %q", got)
	}
}

func TestInspectorReplays(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	p := s.refusal("token_expired", "")
	first := s.Journal().Total()
	one := p.submit(`[data-replay] form`)
	if s.Journal().Total() != first+1 || one.Find("tbody tr.set").Length() != 1 || !strings.Contains(one.Find(".note").Text(), "1 sent: 1 × 400") {
		t.Errorf("one: %s", one.Find("main").Text())
	}
	ten := p.submit(`form:has(button:contains("×10"))`)
	if ten.Find("tbody tr.set").Length() != 10 || !strings.Contains(ten.Find(".note").Text(), "10 sent") {
		t.Errorf("ten: %s", ten.Find("main").Text())
	}
	bearer := s.token()
	edit := p.follow(`a:contains("Edit and replay")`)
	if got := edit.Find("textarea[name=head]").Text(); !strings.Contains(got, "Authorization: Bearer ") || strings.Contains(got, "…") {
		t.Errorf("the head is %q", got)
	}
	edited := edit.submit(sendForm, "head", "Authorization: Bearer "+bearer, "path", "/account\n/balance")
	if s.Last().Status != 200 || s.Last().Target != "/account/balance" || s.Last().Again == 0 || !strings.Contains(edited.Find(".note").Text(), "1 × 200") {
		t.Errorf("edited: %d %s\n%s", s.Last().Status, s.Last().Target, edited.Find("main").Text())
	}
	for pair, field := range map[string]string{"path=/admin/api/v1/reset": "path", "method=A B": "method", "times=1000": "times", "head=no": "head"} {
		name, value, _ := strings.Cut(pair, "=")
		if p := edit.submit(sendForm, name, value); p.status != 422 || p.Find("[name="+field+"][aria-invalid=true]").Length() != 1 || !strings.Contains(strings.ToLower(p.Find("#failed").Text()), field) {
			t.Errorf("%s: %d %s", pair, p.status, p.Find("#failed").Text())
		}
	}
	if got := s.screen("/admin/inspector/2/replays").Find(".empty").Text(); !strings.Contains(got, "not sent again") {
		t.Errorf("no replays: %q", got)
	}
}

func TestInspectorMakesAFault(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	s.pull("DELETE", "/faults", nil).Want(200)
	bearer := s.token()
	form := s.refusal("token_expired", "").follow(`a:contains("Make fault")`)
	v := fields(form.form(`form[action$="/do/armFault"]`))
	if v.Get("when.bank") != "yoisho" || v.Get("when.op") != "info" || v.Get("then.refuse") != "token_expired" || v.Get("often.next") != "1" {
		t.Errorf("proposed: %v", v)
	}
	if p := form.submit(`form[action$="/do/armFault"]`, "when.op", "nothing"); p.status != 422 || !strings.Contains(p.Find(`[name="when.op"]`).Parent().Find(".err").Text(), "no operation") {
		t.Errorf("a rule for nothing: %d", p.status)
	}
	form.submit(`form[action$="/do/armFault"]`)
	s.Get("/account/info", servertest.Bearer(bearer)).Want(400)
	if e := s.Last(); e.Fault == "" {
		t.Errorf("the call was not spoilt: %s", e.Why)
	}
	s.Get("/account/info", servertest.Bearer(bearer)).Want(200)
	last := s.screen("/admin/inspector/" + fmt.Sprint(s.Last().ID) + "/fault")
	if v := fields(last.form(`form[action$="/do/armFault"]`)); v.Get("then.status") != "503" || v.Get("then.refuse") != "" {
		t.Errorf("of a good call: %v", v)
	}
}

func TestInspectorForgets(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	ask := s.screen("/admin/inspector").follow(`a:contains("Clear")`)
	if s.Journal().Entry(1) == nil || ask.Find("a[download]").Length() != 2 {
		t.Fatalf("the question: %s", ask.Find("main").Text())
	}
	if p := ask.submit(`form[action$="/do/clearJournal"]`); s.Journal().Entry(1) != nil || p.Find(".empty").Length() != 1 || !strings.Contains(p.Find(".head").Text(), "0 requests kept") {
		t.Errorf("after: %s", p.Find("main").Text())
	}
}

func TestInspectorKeepsTextText(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	const evil = `"><script>x</script><a href=javascript:1>at_1</a>`
	s.Get("/account/loggedin?psw=x&uname="+url.QueryEscape(evil)+"&client_id="+demo+"&redirect="+url.QueryEscape("http://127.0.0.1:9/<script>"), servertest.Header("X-Evil", evil))
	s.Get("/v1/accounts?q=<script>", servertest.Bearer(evil))
	for _, id := range []string{"1", "2"} {
		for _, tab := range []string{"why", "request", "response", "timeline", "flow", "diff"} {
			p := s.screen("/admin/inspector/" + id + "?tab=" + tab + "&as=curl&reveal=true&q=")
			if p.status != 200 || p.Find("main script").Length() != 0 || p.Find(`main a[href^="javascript"]`).Length() != 0 {
				t.Errorf("%s, %s: %d, a script in %s", id, tab, p.status, p.Find("article").Text())
			}
		}
		for _, page := range []string{"edit", "fault", "replays"} {
			if p := s.screen("/admin/inspector/" + id + "/" + page); p.status != 200 || p.Find("main script").Length() != 0 {
				t.Errorf("%s: %d", page, p.status)
			}
		}
	}
	if got := s.screen("/admin/inspector/1/edit").Find("textarea[name=head]").Text(); !strings.Contains(got, evil) {
		t.Errorf("the header is %q", got)
	}
}

// A full list renders fast enough for a page that renews itself while fifty requests a second come in.
func BenchmarkInspector(b *testing.B) {
	s := open(b, server.Options{}, "").furnish()
	for range 2000 {
		s.Get("/account/info", servertest.Bearer("x"))
	}
	last := fmt.Sprint(s.Last().ID)
	for _, at := range []string{"", "/" + last, "/" + last + "?tab=flow"} {
		b.Run("inspector"+at, func(b *testing.B) {
			for b.Loop() {
				if a := s.Get("/admin/inspector" + at); a.Status != 200 {
					b.Fatal(a.Status)
				}
			}
			if per := b.Elapsed() / time.Duration(b.N); per > 50*time.Millisecond {
				b.Errorf("%v a page", per)
			}
		})
	}
}
