// Package strangers_test lets clients that others wrote walk through whole flows against the built program: log in, swap the code, call,
// let the token expire, refresh as the client's own library does, call again, and meet a dead refresh token.
//
// Each client has a space of its own, and neither the space's clock nor, where a process can be told so, the client's own moves by itself.
// The README's table of them is made from the table here, and a client whose run shows anything but what its row says fails.
package strangers_test

import (
	"strings"
	"testing"

	"sandbank/server/servertest"
)

// stranger is a client at one bank.
type stranger struct {
	kit  kit
	bank bank
	flow string
	seen string // what the run must show
	run  func(*stage)
}

func strangers() []stranger {
	return []stranger{
		{xOAuth2, berlin, "code with PKCE, autodetected client authentication",
			"wrong secret: RetrieveError invalid_client → 2 accounts → 59m59s → 2 accounts → 1s → 401 TOKEN_EXPIRED → refreshed → 2 accounts → 90d → RetrieveError invalid_grant",
			xCode},
		{xOAuth2, berlinPublic, "code with PKCE, public client",
			"2 accounts → 59m59s → 2 accounts → 1s → 401 TOKEN_EXPIRED → refreshed → 2 accounts → 90d → RetrieveError invalid_grant",
			xCode},
		{xOAuth2, sparebank1, "code with PKCE, autodetected client authentication",
			"wrong secret: RetrieveError invalid_client → 4 accounts → 9m59s → 4 accounts → 1s → 401 Unauthorized → refreshed → 4 accounts → 30d → RetrieveError invalid_grant",
			xCode},
		{xOAuth2, finapi, "client credentials, password",
			"201 → wrong password: RetrieveError invalid_grant → 201 → 3 accounts → 59m59s → 3 accounts → 1s → 401 invalid_token → refreshed → 3 accounts → revoked → RetrieveError invalid_grant",
			xPassword},
		{xOAuth2, s2s, "code by a service account's headers, swapped by POST",
			"8 accounts → 18m14s → 8 accounts → 1s → 401 Unauthorized → refreshed → 8 accounts → 2682000s → RetrieveError invalid_grant",
			xService},
		{goOIDC, sparebank1, "code with PKCE, OpenID Connect",
			"signed ID token, userinfo of the same sub → past its exp: TokenExpiredError → 4 accounts → 9m59s → 4 accounts → 1s → 401 Unauthorized → refreshed → 4 accounts → 30d → RetrieveError invalid_grant",
			xOpenID},
		{simpleOAuth2, berlin, "code, Basic",
			"2 accounts → 59m59s → 2 accounts → 1s → 401 TOKEN_EXPIRED → refreshed → 2 accounts → 90d → Boom 400 invalid_grant",
			node("simple-oauth2.mjs")},
		{simpleOAuth2, sparebank1, "code, secret in the body",
			"4 accounts → 9m59s → 4 accounts → 1s → 401 Unauthorized → refreshed → 4 accounts → 30d → Boom 400 invalid_grant",
			node("simple-oauth2.mjs", "body")},
		{simpleOAuth2, finapi, "client credentials, password",
			"201 → wrong password: Boom 400 invalid_grant → 201 → 3 accounts → 59m59s → 3 accounts → 1s → 401 invalid_token → refreshed → 3 accounts → revoked → Boom 400 invalid_grant",
			node("simple-oauth2-password.mjs")},
		{oauth4webapi, berlinPublic, "code with PKCE, public client",
			"denied: AuthorizationResponseError access_denied → 2 accounts → 59m59s → 2 accounts → 1s → WWWAuthenticateChallengeError 401 invalid_token → refreshed → 2 accounts → 90d → ResponseBodyError invalid_grant",
			node("oauth4webapi.mjs")},
		{oauth4webapi, sparebank1, "code with PKCE, Basic",
			"denied: AuthorizationResponseError access_denied → 4 accounts → 9m59s → 4 accounts → 1s → WWWAuthenticateChallengeError 401 invalid_token → refreshed → 4 accounts → 30d → ResponseBodyError invalid_grant",
			node("oauth4webapi.mjs")},
		{browserLibrary, berlinPublic, "RFC 8414, code with PKCE, by fetch from another origin",
			"2 accounts → 59m59s → 2 accounts → 1s → WWWAuthenticateChallengeError 401 invalid_token → refreshed → 2 accounts → 90d → ResponseBodyError invalid_grant",
			runApp},
		{openidClient, berlin, "code with PKCE, secret in the body",
			"denied: AuthorizationResponseError access_denied → 2 accounts → 59m59s → 2 accounts → 1s → WWWAuthenticateChallengeError 401 invalid_token → refreshed → 2 accounts → 90d → ResponseBodyError invalid_grant",
			node("openid-client.mjs")},
		{openidClient, sparebank1, "code with PKCE, secret in the body",
			"denied: AuthorizationResponseError access_denied → 4 accounts → 9m59s → 4 accounts → 1s → WWWAuthenticateChallengeError 401 invalid_token → refreshed → 4 accounts → 30d → ResponseBodyError invalid_grant",
			node("openid-client.mjs")},
		{openidClient, berlin, "code with PKCE, metadata by RFC 8414",
			"denied: AuthorizationResponseError access_denied → iss of another: OperationProcessingError OAUTH_INVALID_RESPONSE → 2 accounts → 59m59s → 2 accounts → 1s → WWWAuthenticateChallengeError 401 invalid_token → refreshed → 2 accounts → 90d → ResponseBodyError invalid_grant",
			node("openid-client.mjs", "oauth2")},
		{openidClient, sparebank1, "code with PKCE, OpenID Connect",
			"denied: AuthorizationResponseError access_denied → iss of another: OperationProcessingError OAUTH_INVALID_RESPONSE → signed ID token, userinfo of the same sub → 4 accounts → 9m59s → 4 accounts → 1s → WWWAuthenticateChallengeError 401 invalid_token → refreshed → 4 accounts → 30d → ResponseBodyError invalid_grant",
			node("openid-client.mjs", "oidc")},
		{requestsOAuthlib, berlin, "code",
			"denied: AccessDeniedError → 2 accounts → 59m59s → 2 accounts → 1s → refreshed → 2 accounts → 90d → InvalidGrantError invalid_grant",
			python("code_requests_oauthlib.py")},
		{requestsOAuthlib, sparebank1, "code",
			"denied: AccessDeniedError → 4 accounts → 9m59s → 4 accounts → 1s → refreshed → 4 accounts → 30d → InvalidGrantError invalid_grant",
			python("code_requests_oauthlib.py")},
		{requestsOAuthlib, finapi, "client credentials, password",
			"201 → wrong password: InvalidGrantError invalid_grant → 201 → 3 accounts → 59m59s → refreshed → 3 accounts → 1s → 3 accounts → revoked → InvalidGrantError invalid_grant",
			python("password_requests_oauthlib.py")},
		{authlib, berlinPublic, "code with PKCE, public client",
			"2 accounts → 59m59s → 2 accounts → 1s → refreshed → 2 accounts → 90d → OAuthError invalid_grant",
			python("code_authlib.py")},
		{authlib, sparebank1, "code with PKCE, Basic",
			"4 accounts → 9m59s → 4 accounts → 1s → refreshed → 4 accounts → 30d → OAuthError invalid_grant",
			python("code_authlib.py")},
		{authlib, finapi, "client credentials, password",
			"201 → wrong password: OAuthError invalid_grant → 201 → 3 accounts → 59m59s → refreshed → 3 accounts → 1s → 3 accounts → revoked → OAuthError invalid_grant",
			python("password_authlib.py")},
		{tutorial, sparebank1, "code; the unquoted link and unencoded redirect_uri of its document",
			"Login → Account owner: Dave Thompson → 9m59s → Account owner: Dave Thompson → 1s → Login → Account owner: Dave Thompson → a page that breaks off",
			runTutorial},
		{yoishoClient, yoisho, "code by GET, secret in the query",
			"Log in → 9m59s → The balance of dave is 10,187.91 → its own 500 KeyError → 10m → its own 500 KeyError",
			runYoishoClient},
	}
}

func TestStrangers(t *testing.T) {
	t.Parallel()
	path, err := servertest.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root := servertest.Run(t, path, nil, "--addr", "127.0.0.1:0", "--freeze", "--log-level", "off").URL
	for _, c := range strangers() {
		t.Run(c.kit.name+" at "+c.bank.name+" by "+c.flow, func(t *testing.T) {
			t.Parallel()
			here := c.kit.version(t)
			if here != c.kit.pinned && !c.kit.debian() {
				t.Fatalf("%s is %s here, and %s is what the README tells", c.kit.name, here, c.kit.pinned)
			}
			s := open(t, root, c.bank)
			c.run(s)
			if here != c.kit.pinned { // its errors may have other words; what it could not do has failed by now
				t.Logf("%s is %s here, not %s: seen was %s", c.kit.name, here, c.kit.pinned, strings.Join(s.seen, " → "))
				return
			}
			if got := strings.Join(s.seen, " → "); got != c.seen {
				t.Errorf("seen: %s\nwant: %s", got, c.seen)
			}
		})
	}
}
