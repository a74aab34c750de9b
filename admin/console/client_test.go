package console_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/grant"
)

// texts are what each element says, with single blanks.
func texts(doc *goquery.Document, selector string) []string {
	return doc.Find(selector).Map(func(_ int, e *goquery.Selection) string { return strings.Join(strings.Fields(e.Text()), " ") })
}

func TestClientsAreListed(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.token()
	s.pull("POST", "/clients", object{"bank": "berlin", "id": "evil", "name": hostile}).Want(201)
	doc := shown(s, "/admin/clients", 200)
	harmless(t, doc)
	contains(t, doc, "#c-berlin-evil", hostile, "not yet")
	contains(t, doc, "#c-yoisho-"+demo, "Yoisho demo application", "confidential", "enabled", "just now")
	contains(t, doc, "#c-s2s-s2s-demo", "service")
	if n := said(doc, "#c-yoisho-"+demo+" [data-l='Live tokens'] a"); n != "1" {
		t.Errorf("%q live tokens", n)
	}
	if got := texts(shown(s, "/admin/clients?bank=berlin&q=evil", 200), "tbody .lead"); !slices.Equal(got, []string{"evil"}) {
		t.Errorf("filtered: %v", got)
	}
	contains(t, shown(s, "/admin/clients?q=nobody", 200), ".empty", "No client fits this filter")
	shown(s, "/admin/clients?q=age:7", 422)
	shown(s, "/admin/clients?bank=none", 400)
	for _, c := range []string{"bg-demo", "bg-spa", "evil"} {
		s.pull("DELETE", "/clients/berlin/"+c, nil).Want(204)
	}
	contains(t, shown(s, "/admin/clients?bank=berlin", 200), ".empty", "Nobody may call this bank yet", "curl -X POST")
}

func TestClientIsRegisteredAndEdited(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	form := shown(s, "/admin/clients/new?bank=berlin", 200)
	contains(t, form, "[data-curl]", `"bank":"berlin"`)
	doc := pressed(s, form, "form[action$=registerClient]", 422, "id", "not plain!", "name", hostile)
	harmless(t, doc)
	contains(t, doc, "[name=id] + .err", "is no client id")
	if got := doc.Find("[name=name]").AttrOr("value", ""); got != hostile {
		t.Errorf("what was typed came back as %q", got)
	}
	doc = pressed(s, form, "form[action$=registerClient]", 303, "id", "mine", "secret", "s1", "redirectUris", "https://a.example/cb\nhttps://b.example/cb",
		"origins", "https://a.example, https://b.example")
	contains(t, doc, "#secret-0", "s1")
	var c admin.ClientView
	s.pull("GET", "/clients/berlin/mine", nil).Want(200).Into(&c)
	if !slices.Equal(c.RedirectURIs, []string{"https://a.example/cb", "https://b.example/cb"}) || !slices.Equal(c.Origins, []string{"https://a.example", "https://b.example"}) ||
		!c.Loopback || !slices.Contains(c.GrantTypes, "client_credentials") {
		t.Errorf("registered %+v", c)
	}
	doc.Find("textarea[name=redirectUris]").SetText("")
	doc.Find("[name=origins]:not([type=hidden])").SetAttr("value", "")
	doc.Find("[name=grantTypes][value=client_credentials]").RemoveAttr("checked")
	doc = pressed(s, doc, "form[action$=editClient]:has([name=redirectUris])", 303, "name", "New name")
	contains(t, doc, "h1", "New name")
	s.pull("GET", "/clients/berlin/mine", nil).Want(200).Into(&c)
	if len(c.RedirectURIs)+len(c.Origins) != 0 || c.Name != "New name" || !slices.Equal(c.GrantTypes, []string{"authorization_code", "refresh_token", grant.DeviceCode}) || c.RequirePAR {
		t.Errorf("edited %+v", c)
	}
	doc.Find("[name=requirePushedAuthorizationRequests][type=checkbox]").SetAttr("checked", "")
	doc = pressed(s, doc, "form[action$=editClient]:has([name=redirectUris])", 303)
	s.pull("GET", "/clients/berlin/mine", nil).Want(200).Into(&c)
	if !c.RequirePAR {
		t.Errorf("held to pushing: %+v", c)
	}
	if at := shown(s, "/admin/clients/finapi/finapi-demo", 200).Find("[name=requirePushedAuthorizationRequests]"); at.Length() != 0 {
		t.Error("a bank without an authorization endpoint offers to hold its clients to it")
	}
	doc = pressed(s, doc, "form[action$=editClient]:has([name=redirectUris])", 422, "redirectUris", "not a uri")
	contains(t, doc, "textarea + .err", "not a uri")
}

func TestClientSecrets(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/clients/berlin/bg-demo?as=curl", 200)
	if strings.Contains(doc.Find("main").Text(), "bg-demo-secret") {
		t.Error("the secret shows without being asked for")
	}
	contains(t, shown(s, "/admin/clients/berlin/bg-demo?as=curl&secret=show", 200), "#secret-0, #export", "bg-demo-secret", "CLIENT_SECRET='bg-demo-secret'")
	doc = pressed(s, doc, "form[action$=rotateSecret]", 303, "overlap", "10m", "secret", "fresh")
	contains(t, doc, "#secret-1", "works on for 10:00")
	contains(t, pressed(s, doc, "form[action$=rotateSecret]", 422, "overlap", "soon"), "[name=overlap] + .err", "soon")
	contains(t, shown(s, "/admin/clients/berlin/bg-spa", 200), ".kv", "none: a public client, held to PKCE")
	doc = shown(s, "/admin/clients/s2s/s2s-demo?secret=show", 200)
	contains(t, doc, ".kv", "Service account", "Acts for", "ali", "AQvfpNrjQAiOcQQxKdwGoC860yVdvE3D2iRGsjZ2qwoeYlZ5po")
	pressed(s, doc, "form[action$=rotateServiceAccount]", 303, "overlap", "")
	if strings.Contains(said(shown(s, "/admin/clients/s2s/s2s-demo?secret=show", 200), ".kv"), "AQvfp") {
		t.Error("the service account's secret was not rotated")
	}
}

func TestClientIsExportedAndDeleted(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	s.token()
	for as, part := range map[string]string{"env": "CLIENT_ID=" + demo, "go": "package main", "python": "import urllib", "postman": "v2.1.0", "bruno": "zipped"} {
		doc := shown(s, "/admin/clients/yoisho/"+demo+"?as="+as, 200)
		contains(t, doc, "#export", part)
		link, _ := doc.Find("#export a[download]").Attr("href")
		s.Get(link).Want(200)
	}
	doc := shown(s, "/admin/clients/yoisho/"+demo+"/delete", 200)
	contains(t, doc, "main form", "1 live token of 1 grant", "access of dave")
	pressed(s, doc, "main form[action$=deleteClient]", 303)
	shown(s, "/admin/clients/yoisho/"+demo, 404)
}

func TestServiceAccountIsMade(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/clients/service", 200)
	contains(t, pressed(s, doc, "form[action$=mintServiceAccount]", 422, "user", "nobody"), ".err", "nobody")
	doc = pressed(s, doc, "form[action$=mintServiceAccount]", 303, "id", "srv", "name", "Server")
	contains(t, doc, ".kv", "Service account")
	contains(t, shown(s, "/admin/clients/service?bank=berlin", 200), "main", "client_credentials")
	shown(s, "/admin/clients/service?bank=yoisho", 400)
}
