"""Authlib: the authorization code flow with PKCE. The session refreshes by itself when its token is over. It is not shown a
denied login: it does not read error=access_denied, and would ask for client credentials instead."""
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from stage import failed, live, note, pass_, plan, visit

kept = []
session = OAuth2Session(plan["id"], plan["secret"] or None, scope=plan["scope"] or None, redirect_uri=plan["callback"], code_challenge_method="S256",
                        token_endpoint_auth_method="client_secret_basic" if plan["secret"] else "none", token_endpoint=plan["token"],
                        update_token=lambda token, **_: kept.append(token))
verifier = generate_token(48)
link, state = session.create_authorization_url(plan["authorize"], code_verifier=verifier)
session.fetch_token(plan["token"], authorization_response=visit(link), state=state, code_verifier=verifier)

live(session, kept)

pass_(plan["rest"])
error = failed(session.get, plan["resource"])
assert isinstance(error, OAuthError), error
note(f"OAuthError {error.error}")
