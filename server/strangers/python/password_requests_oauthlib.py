"""requests-oauthlib: client credentials and the password grant."""
import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # http, on loopback
from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient
from requests_oauthlib import OAuth2Session

from stage import answer, failed, live, note, plan

kept = []
base, secret = plan["issuer"], {"client_id": plan["id"], "client_secret": plan["secret"], "include_client_id": True}


def application():
    """A session with the client's own token."""
    session = OAuth2Session(client=BackendApplicationClient(plan["id"]))
    session.fetch_token(plan["token"], **secret)
    return session


answer(application().post(base + "/api/v1/users", json={"id": "stranger", "password": "stranger"}))
session = OAuth2Session(client=LegacyApplicationClient(plan["id"]), auto_refresh_url=plan["token"],
                        auto_refresh_kwargs={"client_id": plan["id"], "client_secret": plan["secret"]}, token_updater=kept.append)
error = failed(session.fetch_token, plan["token"], username="stranger", password="wrong", **secret)
note(f"wrong password: {type(error).__name__} {error.error}")
session.fetch_token(plan["token"], username="stranger", password="stranger", **secret)
answer(session.post(base + "/api/v1/bankConnections/import", json={"bankId": 280001}))

live(session, kept)

assert application().post(base + "/oauth/revoke", data={"token": session.token["refresh_token"]}).ok
note("revoked")
error = failed(session.refresh_token, plan["token"], **session.auto_refresh_kwargs)
note(f"{type(error).__name__} {error.error}")
