"""Authlib: client credentials and the password grant, with the client's secret in the body."""
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from stage import answer, failed, live, note, plan

kept = []
base = plan["issuer"]


def new():
    """A session that has no token yet."""
    return OAuth2Session(plan["id"], plan["secret"], token_endpoint=plan["token"], token_endpoint_auth_method="client_secret_post",
                         update_token=lambda token, **_: kept.append(token))


application = new()
application.fetch_token(grant_type="client_credentials")
answer(application.post(base + "/api/v1/users", json={"id": "stranger", "password": "stranger"}))
session = new()
error = failed(session.fetch_token, username="stranger", password="wrong")
assert isinstance(error, OAuthError), error
note(f"wrong password: OAuthError {error.error}")
session.fetch_token(username="stranger", password="stranger")
answer(session.post(base + "/api/v1/bankConnections/import", json={"bankId": 280001}))

live(session, kept)

application = new()
application.fetch_token(grant_type="client_credentials")
assert application.post(base + "/oauth/revoke", data={"token": session.token["refresh_token"]}).ok
note("revoked")
error = failed(session.refresh_token, plan["token"])
assert isinstance(error, OAuthError), error
note(f"OAuthError {error.error}")
