package strangers_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

const callback = "http://127.0.0.1:9/callback" // nobody listens there: the scripted browser stops before it

// xConfig is a client of golang.org/x/oauth2. How it authenticates is left to the library's own finding out.
func xConfig(s *stage) *oauth2.Config {
	return &oauth2.Config{ClientID: s.id, ClientSecret: s.secret, RedirectURL: callback, Scopes: strings.Fields(s.scope),
		Endpoint: oauth2.Endpoint{AuthURL: s.base + s.authorize, TokenURL: s.base + s.token}}
}

// xCode is the authorization code flow with PKCE.
func xCode(s *stage) {
	ctx := s.Context()
	conf, verifier, state := xConfig(s), oauth2.GenerateVerifier(), `s+t=a&t/e%"`
	back := s.visit(conf.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier))).Query()
	if back.Get("state") != state {
		s.Errorf("state came back as %q", back.Get("state"))
	}
	if s.secret != "" { // tried by Basic and in the body, and the code survives both
		wrong := *conf
		wrong.ClientSecret = "wrong"
		_, err := wrong.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier))
		s.note("wrong secret: %s", retrieveError(err))
	}
	tok, err := conf.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		s.Fatal(err)
	}
	tok = xLive(ctx, s, conf, tok)

	s.pass(s.rest)
	_, err = conf.Client(ctx, aged(tok)).Get(s.base + s.resource)
	s.note("%s", retrieveError(err))
}

// xPassword is a client of finAPI: with its own token it creates a user, whose password then brings tokens for that user.
func xPassword(s *stage) {
	ctx := s.Context()
	app := &clientcredentials.Config{ClientID: s.id, ClientSecret: s.secret, TokenURL: s.base + s.token}
	resp, err := app.Client(ctx).Post(s.base+"/api/v1/users", "application/json", strings.NewReader(`{"id":"stranger","password":"stranger"}`))
	s.respond(resp, err)
	conf := xConfig(s)
	_, err = conf.PasswordCredentialsToken(ctx, "stranger", "wrong")
	s.note("wrong password: %s", retrieveError(err))
	tok, err := conf.PasswordCredentialsToken(ctx, "stranger", "stranger")
	if err != nil {
		s.Fatal(err)
	}
	resp, err = conf.Client(ctx, tok).Post(s.base+"/api/v1/bankConnections/import", "application/json", strings.NewReader(`{"bankId":280001}`))
	s.respond(resp, err)
	tok = xLive(ctx, s, conf, tok)

	resp, err = app.Client(ctx).PostForm(s.base+"/oauth/revoke", url.Values{"token": {tok.RefreshToken}})
	if err != nil || resp.StatusCode != 200 {
		s.Fatalf("revoke: %v %v", resp, err)
	}
	resp.Body.Close()
	s.note("revoked")
	_, err = conf.Client(ctx, aged(tok)).Get(s.base + s.resource)
	s.note("%s", retrieveError(err))
}

// headed adds headers to every request, as a client of a gateway has to.
type headed map[string]string

func (h headed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range h {
		r.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// xService is two servers and nobody at a keyboard: the code comes by headers, and all after it is the library's.
func xService(s *stage) {
	gateway := headed{"X-IBM-Client-Id": s.id, "X-IBM-Client-Secret": s.secret}
	ask := maps.Clone(gateway)
	ask["X-Service-Account-ID"], ask["X-Service-Account-Secret"] = "12a42d02-0845-46f8-b6e2-202e1e792364", "AQvfpNrjQAiOcQQxKdwGoC860yVdvE3D2iRGsjZ2qwoeYlZ5po"
	ask["scope"] = "read:accounts"
	resp, err := (&http.Client{Transport: ask}).Get(s.base + "/api/v1/s2s-oauth2/code")
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	var code struct{ Code string }
	if err := json.NewDecoder(resp.Body).Decode(&code); err != nil {
		s.Fatal(err)
	}

	ctx := context.WithValue(s.Context(), oauth2.HTTPClient, &http.Client{Transport: gateway})
	conf := xConfig(s)
	conf.RedirectURL = ""
	tok, err := conf.Exchange(ctx, code.Code)
	if err != nil {
		s.Fatal(err)
	}
	tok = xLive(ctx, s, conf, tok)

	s.pass(s.rest)
	_, err = conf.Client(ctx, aged(tok)).Get(s.base + s.resource)
	s.note("%s", retrieveError(err))
}

// xLive calls the bank on both sides of the access token's end, and again after the refresh that the library does by itself.
func xLive(ctx context.Context, s *stage, conf *oauth2.Config, tok *oauth2.Token) *oauth2.Token {
	ask := func(t *oauth2.Token) *oauth2.Token {
		source := conf.TokenSource(ctx, t)
		s.respond(oauth2.NewClient(ctx, source).Get(s.base + s.resource))
		t, err := source.Token()
		if err != nil {
			s.Fatal(err)
		}
		return t
	}
	ask(tok)
	s.pass((s.life - time.Second).String())
	ask(tok)
	s.pass("1s")
	ask(tok)
	next, err := conf.TokenSource(ctx, aged(tok)).Token()
	if err != nil || next.AccessToken == tok.AccessToken {
		s.Fatalf("not refreshed: %v", err)
	}
	s.note("refreshed")
	return ask(next)
}

// aged is a token as the library sees it once its own clock, which cannot be moved in this process, has come to the token's end too.
func aged(t *oauth2.Token) *oauth2.Token {
	old := *t
	old.Expiry = time.Now().Add(-time.Second)
	return &old
}

// retrieveError is the library's typed error, and the code of RFC 6749 §5.2 that it read.
func retrieveError(err error) string {
	var e *oauth2.RetrieveError
	if !errors.As(err, &e) {
		return "no RetrieveError"
	}
	return "RetrieveError " + e.ErrorCode
}
