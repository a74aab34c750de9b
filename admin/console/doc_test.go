package console_test

import (
	"strings"
	"testing"

	"sandbank/server"
	"sandbank/server/servertest"
)

func TestDocs(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	contains(t, shown(s, "/admin/docs", 200), "main", "yoisho", "berlin", s.URL()+"/finapi", "OpenAPI 3.1")
	doc := shown(s, "/admin/docs/berlin", 200)
	contains(t, doc, "main", "Authorization server", "/oauth2/token", "Resource server", "/v1/accounts/{accountId}/balances", "only under /berlin")
	shown(s, "/admin/docs/none", 404)
	contains(t, shown(s, "/admin/docs/berlin?tab=refusals", 200), "main", "token_expired", "TOKEN_EXPIRED", "At its token endpoint", "invalid_grant")
	contains(t, shown(s, "/admin/docs/yoisho?tab=refusals", 200), "main", "access_token has expired")
}

// The command that the page fills in is one that the bank takes.
func TestDocsFillIn(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	value := s.token()
	id := s.pull("GET", "/tokens/"+value, nil).Want(200).Text("id")
	doc := shown(s, "/admin/docs/yoisho?at=GET+/account/balance&token="+id, 200)
	contains(t, doc, "#open-op code", `curl -H "Authorization: Bearer `+value+`" `+s.URL()+"/yoisho/account/balance")
	contains(t, shown(s, "/admin/docs/yoisho?at=GET+/account/balance", 200), "#open-op code", "Bearer $TOKEN")
	s.Get("/yoisho/account/balance", servertest.Bearer(value)).Want(200)
	doc = shown(s, "/admin/docs/berlin?at=GET+/v1/accounts/{accountId}&p.accountId=a%2Fb&query=withBalance%3Dtrue", 200)
	contains(t, doc, "#open-op code", "/berlin/v1/accounts/a%2Fb?withBalance=true")
	contains(t, doc, "#open-op", "none lives here")
	doc = pressed(s, shown(s, "/admin/docs/yoisho?at=GET+/account/balance&token="+id, 200), "form[action$=sendRequest]", 303)
	contains(t, doc, "#answer", "200", "account_balance", "in the inspector")
	contains(t, pressed(s, shown(s, "/admin/docs/yoisho?at=GET+/account/balance", 200), "form[action$=sendRequest]", 303), "#answer", "400", "access_token mising")
	if shown(s, "/admin/docs/berlin?at=GET+/v1/accounts/{accountId}", 200).Find("form[action$=sendRequest]").Length() > 0 {
		t.Error("it can be sent without an account")
	}
	harmless(t, shown(s, "/admin/docs/berlin?at=GET+/v1/accounts/{accountId}&p.accountId="+strings.ReplaceAll(hostile, `"`, "%22"), 200))
}

func TestAdminDocs(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/docs/admin", 200)
	var api struct{ Paths map[string]map[string]any }
	s.pull("GET", "/openapi.json", nil).Want(200).Into(&api)
	n := 0
	for path, methods := range api.Paths {
		for method, op := range methods {
			n++
			row := "[id='" + op.(map[string]any)["operationId"].(string) + "']"
			contains(t, doc, row, path, strings.ToUpper(method))
		}
	}
	if got := doc.Find("main tbody tr").Length(); got != n {
		t.Errorf("%d rows for %d operations", got, n)
	}
	contains(t, doc, "#mintToken", "bank*", "client*", "scope")
	contains(t, doc, "#tokens", "?state")
	contains(t, shown(s, "/admin/docs/admin?q=rotate", 200), "main tbody", "/clients/{bank}/{id}/rotate")
	contains(t, shown(s, "/admin/docs/admin?q=nothing-like-it", 200), ".empty", "No operation fits")
}

// A page is rendered in less than five milliseconds.
func BenchmarkKeepPages(b *testing.B) {
	s := open(b, server.Options{}, "").furnish()
	for _, path := range []string{"clients", "clients/yoisho/" + demo, "consents", "consents/" + s.holes["consents/{id}"], "spaces", "snapshots", "snapshots/1", "activity", "settings", "docs/admin",
		"docs/finapi", "docs/berlin?tab=refusals"} {
		s.Get("/admin/" + path).Want(200)
		b.Run(strings.ReplaceAll(path, "/", "_"), func(b *testing.B) {
			for b.Loop() {
				s.Get("/admin/" + path)
			}
		})
	}
}
