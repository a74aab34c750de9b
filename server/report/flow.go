package report

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sandbank/server/journal"
)

// flowRules are those about logins, codes, and where secrets stand.
func flowRules() []rule {
	offline := []string{"s2s", "finapi"} // nobody logs in by a browser there
	return []rule{
		{id: "code-once", title: "Exchanges a code once", cases: []string{"E43"}, grave: true, without: []string{"finapi"}, judge: codeOnce},
		{id: "state", title: "Sends a state, a new one each time", cases: []string{"E47"}, without: append(offline, "yoisho"), judge: state},
		{id: "pkce", title: "Uses PKCE with S256", cases: []string{"E44"}, without: append(offline, "yoisho", "sparebank1"), judge: pkce},
		{id: "redirect-uri", title: "Has its redirect URI on loopback or HTTPS", cases: []string{"E44"}, without: offline, judge: redirectURI},
		{id: "token-in-query", title: "Keeps tokens and secrets out of URLs", cases: []string{}, grave: true, judge: inQuery},
		{id: "certificate", title: "Stops at a bad certificate", cases: []string{"E77"}, grave: true, silent: true, judge: badCertificate},
	}
}

func codeOnce(h *history) (f finding) {
	used := map[string]*step{}
	for _, s := range h.steps {
		code := s.form.Get("code")
		if s.role != token || code == "" {
			continue
		}
		f.seen++
		if first := used[s.Bank+code]; first != nil {
			f.blame(s, first, "the code had been sent before")
		} else {
			used[s.Bank+code] = s
		}
	}
	return f
}

// asks are the authorization requests at banks that have what the rule is about.
func (h *history) asks(without ...string) (out []*step) {
	for _, s := range h.steps {
		if s.role == login && !slices.Contains(without, s.Bank) {
			out = append(out, s)
		}
	}
	return out
}

// state: the same one twice is a reload of the page; from the third time on it is none that is made for one login.
func state(h *history) (f finding) {
	sent := map[string]int{}
	for _, s := range h.asks("yoisho") {
		f.seen++
		v := s.form.Get("state")
		sent[v]++
		switch {
		case v == "":
			f.blame(s, nil, "the authorization request has no state")
		case sent[v] > 2:
			f.blame(s, nil, fmt.Sprintf("the state is the same for the time number %d", sent[v]))
		}
	}
	return f
}

func pkce(h *history) (f finding) {
	for _, s := range h.asks("yoisho", "sparebank1") {
		f.seen++
		if s.form.Get("code_challenge") == "" || s.form.Get("code_challenge_method") != "S256" {
			f.blame(s, nil, "the authorization request has no code_challenge by S256")
		}
	}
	return f
}

func redirectURI(h *history) (f finding) {
	for _, s := range h.asks() {
		u, err := url.Parse(s.form.Get("redirect_uri"))
		if err != nil || u.Host == "" {
			continue
		}
		f.seen++
		host := u.Hostname()
		if local := host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "::1" || strings.HasPrefix(host, "127."); u.Scheme == "http" && !local {
			f.blame(s, nil, "codes come to "+u.Scheme+"://"+u.Host+" in clear")
		}
	}
	return f
}

// badCertificate: who breaks off tells nobody who it is, so only those are seen that go on.
func badCertificate(h *history) (f finding) {
	for _, s := range h.steps {
		if c := s.Check(journal.Certificate); c != nil {
			f.seen++
			f.blame(s, nil, "the certificate: "+c.Why)
		}
	}
	return f
}

// inQuery: what opens something does not stand in a URL, which logs keep. Yoisho's documents put code and secret there, finAPI's the
// token to be revoked.
func inQuery(h *history) (f finding) {
	for _, s := range h.steps {
		if s.role == login {
			continue
		}
		f.seen++
		_, raw, _ := strings.Cut(s.Target, "?")
		query, _ := url.ParseQuery(raw)
		names := []string{"access_token", "refresh_token"}
		if s.Bank != "yoisho" {
			names = append(names, "client_secret", "password")
		}
		for _, name := range names {
			if query.Get(name) != "" {
				f.blame(s, nil, name+" stands in the URL")
				break
			}
		}
	}
	return f
}
