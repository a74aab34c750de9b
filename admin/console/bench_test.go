package console_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sandbank/admin/console"
	"sandbank/server"
	"sandbank/server/servertest"
)

// fill makes the space a busy one: a full journal, 50 users more, and 200 tokens or more, of which some have died.
func (s *stage) fill() *stage {
	s.t.Helper()
	s.pull("POST", "/users", object{"bank": "berlin", "count": 50, "login": "n"}).Want(201)
	var refresh []string
	for i := range 100 {
		bank, client, user := "sparebank1", "sb1-demo", []string{"dave", "jane"}[i%2]
		if i%4 == 0 {
			bank, client = "yoisho", demo
		}
		a := s.pull("POST", "/tokens", object{"bank": bank, "client": client, "user": user, "refresh": bank == "sparebank1", "life": fmt.Sprint(10+i, "m")}).Want(201)
		var made struct{ Refresh struct{ Value string } }
		if a.Into(&made); made.Refresh.Value != "" {
			refresh = append(refresh, made.Refresh.Value)
		}
	}
	basic := servertest.Basic("sb1-demo", "sb1-demo-secret")
	good, dead := "", s.token()
	s.pull("POST", "/clock", object{"advance": "61s"}).Want(200)
	for i := 0; s.Last().ID < 2100; i++ {
		switch {
		case i%20 == 0:
			good = s.token()
		case i%20 == 1:
			s.Post("/sparebank1/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh[i/20%len(refresh)]}}, basic)
		case i%10 == 2:
			s.Get("/account/info", servertest.Bearer(dead)).Want(400)
		case i%10 == 3:
			s.Get("/v1/accounts", servertest.Bearer("nobody's"))
		case i%40 == 4:
			s.pull("POST", "/clock", object{"advance": "30s"}).Want(200)
		default:
			s.Get([]string{"/account/info", "/account/balance"}[i%2], servertest.Bearer(good))
		}
	}
	s.holes["inspector/{id}"] = fmt.Sprint(s.Last().ID)
	return s
}

// A page of a busy space takes less than five milliseconds of one core.
func BenchmarkPage(b *testing.B) {
	s := open(b, server.Options{}, "").furnish().fill()
	paths := append(s.paths(), "/admin/docs/berlin?tab=refusals", "/admin/docs/yoisho?at=GET+/account/info", "/admin/tokens?state=live", "/admin/inspector?q=status:4xx",
		"/admin/inspector/"+fmt.Sprint(s.Last().ID)+"?tab=flow", "/admin/users/berlin/dave?tab=accounts", "/admin/policies?rows=users", "/admin/clock?preview=90d")
	handler := s.Handler()
	for i, path := range paths {
		name := strings.Trim(strings.TrimPrefix(path, "/admin"), "/")
		if i < len(console.Paths()) {
			name = console.Paths()[i]
		}
		b.Run(strings.NewReplacer("/", "_", "{", "", "}", "").Replace(name), func(b *testing.B) {
			b.ReportAllocs()
			look := func() {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequest("GET", s.URL()+path, nil))
				if w.Code != 200 && w.Code != 303 {
					b.Fatal(w.Code, w.Body.String())
				}
			}
			look()
			for b.Loop() {
				look()
			}
		})
	}
}
