package strangers_test

import (
	"errors"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// xOpenID is a client of go-oidc: the server tells of itself, its ID token is verified by its own keys, and userinfo is about the same
// person.
func xOpenID(s *stage) {
	ctx := s.Context()
	provider, err := oidc.NewProvider(ctx, s.base)
	if err != nil {
		s.Fatal(err)
	}
	conf, verifier, nonce := xConfig(s), oauth2.GenerateVerifier(), "n-0S6_WzA2Mj"
	conf.Endpoint, conf.Scopes = provider.Endpoint(), []string{oidc.ScopeOpenID}
	back := s.visit(conf.AuthCodeURL("xyz", oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))).Query()
	tok, err := conf.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		s.Fatal(err)
	}
	raw, _ := tok.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: s.id}).Verify(ctx, raw)
	if err != nil {
		s.Fatalf("%v: %s", err, raw)
	}
	info, err := provider.UserInfo(ctx, conf.TokenSource(ctx, tok))
	if err != nil {
		s.Fatal(err)
	}
	if id.Nonce != nonce || id.Subject == "" || info.Subject != id.Subject || !id.Expiry.After(id.IssuedAt) {
		s.Errorf("%+v, %+v", id, info)
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(tok.AccessToken); err != nil {
			s.Error(err)
		}
	}
	s.note("signed ID token, userinfo of the same sub")

	// A relying party that is not meant, and one whose clock is past the end.
	if _, err := provider.Verifier(&oidc.Config{ClientID: "another"}).Verify(ctx, raw); err == nil {
		s.Error("an ID token for somebody else passes")
	}
	late := func() time.Time { return id.Expiry.Add(time.Second) }
	_, err = provider.Verifier(&oidc.Config{ClientID: s.id, Now: late}).Verify(ctx, raw)
	var expired *oidc.TokenExpiredError
	if !errors.As(err, &expired) || !expired.Expiry.Equal(id.Expiry) {
		s.Errorf("an ID token past its end: %v", err)
	}
	s.note("past its exp: TokenExpiredError")

	tok = xLive(ctx, s, conf, tok)
	if raw, ok := tok.Extra("id_token").(string); ok { // OpenID Connect Core 1.0 §12.2: the same subject, and no nonce is needed
		again, err := provider.Verifier(&oidc.Config{ClientID: s.id, Now: func() time.Time { return id.IssuedAt.Add(s.life) }}).Verify(ctx, raw)
		if err != nil || again.Subject != id.Subject {
			s.Errorf("after the refresh: %v, %+v", err, again)
		}
	}

	s.pass(s.rest)
	_, err = conf.Client(ctx, aged(tok)).Get(s.base + s.resource)
	s.note("%s", retrieveError(err))
}
