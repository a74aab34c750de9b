package admin_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/journal"
	"sandbank/server/servertest"
)

const (
	bgClient = `"bank":"berlin","client":"bg-demo","user":"jane"`
	bgJane   = "6b2e90d4-58aa-4c17-8f31-d40c7be59a01" // her current account

	bgIBAN    = "BG12SBNK91551000448998"
	bgSavings = "6b2e90d4-58aa-4c17-8f31-d40c7be59a02"
)

// opened is a token at one bank, and the call that it opens.
type opened struct {
	bank string
	admin.Minted
	ask  func() *servertest.Answer
	open func(t *testing.T) *http.Response // the same, with its body still to come
}

// openAll mints a token at each bank.
func (d *desk) openAll() (out []opened) {
	d.t.Helper()
	for _, b := range []struct {
		bank, client, user, path string
		more                     []servertest.Option
	}{
		{"yoisho", yoishoID, "dave", "/account/info", nil},
		{"berlin", "bg-demo", "jane", "/v1/accounts", []servertest.Option{servertest.Header("PSU-IP-Address", "192.0.2.7")}},
		{"sparebank1", "sb1-demo", "dave", "/personal/banking/accounts", nil},
		{"s2s", "s2s-demo", "ali", "/api/v1/accounts", s2sApp()},
		{"finapi", "finapi-demo", "dave", "/finapi/api/v1/accounts", nil},
	} {
		order := map[string]any{"bank": b.bank, "client": b.client, "user": b.user}
		if b.bank == "sparebank1" { // its demo client is registered for no scope in particular
			order["scope"] = "resource.READ"
		}
		if b.bank == "berlin" {
			order["consent"] = d.pull("POST", "/consents", order).Want(201).Text("id")
		}
		one := opened{bank: b.bank}
		d.pull("POST", "/tokens", order).Want(201).Into(&one.Minted)
		options := append([]servertest.Option{servertest.Bearer(one.Token.Value)}, b.more...)
		one.ask = func() *servertest.Answer { return d.Get(b.path, options...) }
		one.open = func(t *testing.T) *http.Response {
			t.Helper()
			r, _ := http.NewRequest("GET", d.URL()+b.path, nil)
			for _, o := range options {
				o(r)
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			return resp
		}
		out = append(out, one)
	}
	return out
}

// The life of living tokens is moved, and each bank's wire shows it, on both sides of the new end and after it is taken back.
func TestRetimingAtEachBank(t *testing.T) {
	t.Parallel()
	for i, bank := range []string{"yoisho", "berlin", "sparebank1", "s2s", "finapi"} {
		d := open(t, server.Options{}, admin.Options{})
		o := d.openAll()[i]
		refused := 401
		if bank == "yoisho" {
			refused = 400
		}
		d.Advance(5 * time.Second)
		var done admin.PolicyChanged
		d.pull("PUT", "/policies", `{"level":{"bank":"`+bank+`"},"set":{"access":"20s"},"retime":true}`).Want(200).Into(&done)
		if k := done.Knobs[0]; o.bank != bank || k.Bank != bank || k.Living != 1 || k.Retimed != 1 || k.Ended != 0 {
			t.Errorf("%s: %+v", bank, k)
		}
		d.Advance(15*time.Second - 1)
		o.ask().Want(200)
		d.Advance(1)
		o.ask().Want(refused)
		if why := d.Last().Why; !strings.Contains(why, "20s by bank "+bank) {
			t.Errorf("%s: %s", bank, why)
		}
		d.back() // and the clock with it
		d.Advance(15 * time.Second)
		o.ask().Want(200)
		d.pull("PUT", "/policies", `{"level":{"bank":"`+bank+`"},"set":{"access":"20s"}}`).Want(200)
		o.ask().Want(200) // without it, what lives stays as it is
		d.pull("PUT", "/policies", `{"level":{"bank":"`+bank+`"},"set":{"access":"10s"},"retime":true}`).Want(200).Into(&done)
		if k := done.Knobs[0]; k.Retimed != 1 || k.Ended != 1 {
			t.Errorf("%s: %+v", bank, k)
		}
		o.ask().Want(refused)
	}
}

// bg is a login at the bank with consents: what a lever mints in place of one.
func (d *desk) bg(more string) (consent string, m admin.Minted) {
	d.t.Helper()
	consent = d.pull("POST", "/consents", "{"+bgClient+more+"}").Want(201).Text("id")
	return consent, d.mint("{" + bgClient + `,"consent":"` + consent + `","refresh":true}`)
}

// statement asks for transactions of Jane's.
func (d *desk) statement(token, rest string) *servertest.Answer {
	d.t.Helper()
	return d.Get("/v1/accounts/"+bgJane+"/transactions"+rest, servertest.Bearer(token), servertest.Header("PSU-IP-Address", "192.0.2.7"))
}

// said checks a refusal of the bank with consents.
func (d *desk) said(a *servertest.Answer, status int, code, path string) {
	d.t.Helper()
	var body struct {
		Messages []struct{ Code, Path string } `json:"tppMessages"`
	}
	a.Want(status).Into(&body)
	if len(body.Messages) != 1 || body.Messages[0].Code != code || body.Messages[0].Path != path {
		d.t.Errorf("%s, want %s at %q", a.Body, code, path)
	}
	if d.Last().Why == "" {
		d.t.Errorf("the journal does not say why: %s", a.Body)
	}
}

// E54: all history for five minutes, then 90 days of it, or as many as the policy says.
func TestHistoryWindow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		settings []string
		allowed  string // the first day that can still be read, and the one before it
		tooOld   string
	}{
		{[]string{"history-window=5m"}, "2026-09-04", "2026-09-03"},
		{[]string{"history-window=5m", "history-after=30d"}, "2026-11-03", "2026-11-02"},
		{[]string{"history-window=5m", "history-after=36h"}, "2026-12-02", "2026-12-01"},
	} {
		d := open(t, server.Options{}, admin.Options{})
		_, m := d.bg("")
		token := m.Token.Value
		ask := func(from string) *servertest.Answer { return d.statement(token, "?bookingStatus=both&dateFrom="+from) }
		old := id(t, ask("2026-01-01").Want(200).Body)
		d.turn("berlin", tt.settings...)
		d.Advance(5*time.Minute - 1)
		ask("2026-01-01").Want(200)
		d.statement(token, "/"+old).Want(200)
		d.statement(token, "?bookingStatus=booked&entryReferenceFrom="+old).Want(200)
		d.Advance(1)
		d.said(ask("2026-01-01"), 400, "PERIOD_INVALID", "dateFrom")
		d.said(ask(tt.tooOld), 400, "PERIOD_INVALID", "dateFrom")
		ask(tt.allowed).Want(200)
		d.said(d.statement(token, "/"+old), 403, "RESOURCE_EXPIRED", "transactionId")
		d.said(d.statement(token, "?bookingStatus=booked&entryReferenceFrom="+old), 400, "PERIOD_INVALID", "entryReferenceFrom")
		d.statement(token, "?bookingStatus=information").Want(200)
		delta := d.Get("/v1/accounts/"+bgSavings+"/transactions?bookingStatus=booked&deltaList=true&pageSize=1", servertest.Bearer(token)).Want(200)
		if !strings.Contains(delta.Body, "dateFrom="+tt.allowed) || strings.Contains(delta.Body, "bookingDate") && dated(t, delta.Body) < tt.allowed {
			t.Errorf("%v: a delta begins before %s: %s", tt.settings, tt.allowed, delta.Body)
		}
		again := d.mint("{" + bgClient + `,"consent":"` + m.Token.Consent + `"}`).Token.Value // a fresh login on the same consent
		d.statement(again, "?bookingStatus=booked&dateFrom=2026-01-01").Want(200)
		d.undo()
		d.back() // and the clock with it
		d.Advance(10 * time.Minute)
		ask("2026-01-01").Want(200)
		d.statement(token, "/"+old).Want(200)
	}
}

// id is that of the first transaction of a report, dated its day.
func id(t *testing.T, body string) string    { t.Helper(); return field(t, body, "transactionId") }
func dated(t *testing.T, body string) string { t.Helper(); return field(t, body, "bookingDate") }

func field(t *testing.T, body, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, `"`+name+`":"`)
	if !ok {
		t.Fatalf("no %s in %s", name, body)
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// E60: a page leads on for ten seconds.
func TestCursor(t *testing.T) {
	t.Parallel()
	for _, pages := range []struct{ first, next, param string }{
		{"?bookingStatus=booked&dateFrom=2026-01-01&pageSize=5", "&page=2", "page"},
		{"?bookingStatus=booked&dateFrom=2026-01-01&itemsPerPage=5&pageIndex=0", "", "pageIndex"},
	} {
		d := open(t, server.Options{}, admin.Options{})
		_, m := d.bg("")
		get := func(path string) *servertest.Answer { return d.statement(m.Token.Value, path) }
		next := pages.first + pages.next
		if pages.next == "" {
			next = strings.Replace(pages.first, "pageIndex=0", "pageIndex=1", 1)
		}
		get(pages.first).Want(200)
		d.Advance(time.Minute)
		get(next).Want(200)
		d.turn("berlin", "cursor=10s")
		get(pages.first).Want(200)
		for range 3 { // each page leads on to the next
			d.Advance(10*time.Second - 1)
			get(next).Want(200)
		}
		d.Advance(10 * time.Second)
		d.said(get(next), 400, "RESOURCE_EXPIRED", pages.param)
		d.said(get(next), 400, "RESOURCE_EXPIRED", pages.param)
		d.back() // and the clock with it
		d.Advance(time.Minute)
		get(next).Want(200)
		d.turn("berlin", "cursor=10s")
		get(pages.first).Want(200) // begun anew
		get(next).Want(200)
	}
}

// E52: the user takes the consent back; whether a refresh notices is the policy's.
func TestConsentCheck(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	consent, m := d.bg("")
	refresh := func(token string) *servertest.Answer {
		return d.Post("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}, servertest.Basic("bg-demo", "bg-demo-secret"))
	}
	accounts := func(token string) *servertest.Answer { return d.Get("/v1/accounts", servertest.Bearer(token)) }
	d.turn("berlin", "consent-check=resource")
	accounts(m.Token.Value).Want(200)
	d.pull("POST", "/consents/"+consent+"/revoke", nil).Want(200)
	next := refresh(m.Refresh.Value).Want(200)
	d.said(accounts(next.Text("access_token")), 401, "CONSENT_INVALID", "")
	if trail := fmt.Sprint(d.Journal().Recent(2, nil)[1].Trail); !strings.Contains(trail, "not asked for, by policy") {
		t.Errorf("the journal does not say why the refresh went through: %s", trail)
	}
	d.turn("berlin", "consent-check=token")
	if a := refresh(next.Text("refresh_token")).Want(400); a.Text("error") != "invalid_grant" {
		t.Error(a.Body)
	}
	d.undo()
	refresh(next.Text("refresh_token")).Want(200)
}

// E62: an answer that comes slowly. As a rule it comes whole, whatever becomes of its token; with token-check=midstream
// it stops where its token does.
func TestTokenCheckAtEachBank(t *testing.T) {
	t.Parallel()
	for i, bank := range []string{"yoisho", "berlin", "sparebank1", "s2s", "finapi"} {
		for _, tt := range []struct {
			name, check string
			end         func(d *desk, o *opened)
			whole       bool
		}{
			{"at the start alone", "start", func(d *desk, o *opened) { d.Clock().Set(o.Token.Expires) }, true},
			{"just alive", "midstream", func(d *desk, o *opened) { d.Clock().Set(o.Token.Expires.Add(-1)) }, true},
			{"expired on the way", "midstream", func(d *desk, o *opened) { d.Clock().Set(o.Token.Expires) }, false},
			{"revoked on the way", "midstream", func(d *desk, o *opened) { d.pull("POST", "/grants/"+o.Grant+"/revoke", nil).Want(200) }, false},
		} {
			t.Run(bank+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				d := open(t, server.Options{}, admin.Options{})
				o := d.openAll()[i]
				d.turn(bank, "token-check="+tt.check)
				rate := len(o.ask().Want(200).Body) * 2 // bytes a second: it takes half of one
				d.pull("POST", "/faults", fmt.Sprintf(`{"line":"bank=%s; dribble=%d; next=1"}`, bank, rate)).Want(201)
				resp := o.open(t)
				defer resp.Body.Close()
				got := make([]byte, 1)
				if _, err := io.ReadFull(resp.Body, got); err != nil || resp.StatusCode != 200 {
					t.Fatalf("status %d, %v", resp.StatusCode, err)
				}
				tt.end(d, &o)
				rest, err := io.ReadAll(resp.Body)
				if tt.whole != (err == nil && int64(len(rest)+1) == resp.ContentLength) || !tt.whole && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%d of %d bytes, %v", len(rest)+1, resp.ContentLength, err)
				}
				e := d.Journal().Recent(1, func(e *journal.Entry) bool { return e.Fault != "" })[0]
				if said := strings.Contains(fmt.Sprint(e.Trail), "stops when "+o.Token.ID+" ends, by bank "+bank); said != (tt.check == "midstream") {
					t.Errorf("the journal says %v", e.Trail)
				}
			})
		}
	}
}
