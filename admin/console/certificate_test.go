package console_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"sandbank/server"
)

// Without TLS the setting cannot be turned, and the page says why.
func TestCertificateTakesTLS(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/settings", 200)
	contains(t, doc, "#sw-certificate", "it takes TLS: start with --tls-self-signed", "valid")
	if doc.Find("#sw-certificate select[disabled]").Length() != 1 || doc.Find("#sw-certificate button").Length() != 0 {
		t.Error("it can be turned")
	}
	contains(t, shown(s, "/admin/scenarios/E77", 200), "#open-E77 .note", "it takes TLS: start with --tls-self-signed")
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{TLS: &tls.Config{MinVersion: tls.VersionTLS12}}, "")
	s.pull("POST", "/spaces", object{"name": "p07"}).Want(201)
	doc := shown(s, "/s/p07/admin/settings", 200)
	contains(t, doc, "#sw-certificate", "new connections by p07.localhost", "has expired")
	doc = pressed(s, doc, "#sw-certificate form", 303, "certificate", "early")
	if now := doc.Find("#sw-certificate option[selected]").AttrOr("value", ""); now != "early" {
		t.Errorf("it shows %q", now)
	}
	contains(t, shown(s, "/admin/settings", 200), "#sw-certificate", "any name but another space’s")

	doc = shown(s, "/admin/scenarios/E77", 200)
	contains(t, doc, "#open-E77", "setting certificate=unknown", "never switch verification off")
	doc = pressed(s, doc, "tr.open form[action$=armScenario]", 303, "variant", "foreign")
	contains(t, doc, "tr.open .set-list", "setting", "certificate=foreign", "was valid")
	if _, err := tls.Dial("tcp", strings.TrimPrefix(s.URL(), "https://"), &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS12}); err == nil {
		t.Fatal("it is trusted")
	}
	s.pull("GET", "/wait?event=request&op=handshake&since=1h", nil).Want(200)
	contains(t, shown(s, "/admin/inspector", 200), "#e-1", "TLS", "handshake", "is another host's, and the client broke off")
	for _, tab := range []string{"why", "request", "response", "timeline", "flow"} {
		doc = shown(s, "/admin/inspector/1?tab="+tab, 200)
		if doc.Find("[data-replay]").Length() != 0 {
			t.Error("it can be sent again")
		}
	}
	contains(t, shown(s, "/admin/inspector/1?as=curl", 200), "article", "no bank", "Certificate", "it said: ", "E77", "curl -sS -I")
}
