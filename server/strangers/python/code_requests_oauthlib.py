"""requests-oauthlib: the authorization code flow. The session refreshes by itself when its token is over."""
import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # http, on loopback
from requests_oauthlib import OAuth2Session

from stage import failed, live, note, pass_, plan, visit

kept = []
session = OAuth2Session(plan["id"], redirect_uri=plan["callback"], scope=plan["scope"].split() or None, auto_refresh_url=plan["token"],
                        auto_refresh_kwargs={"client_id": plan["id"], "client_secret": plan["secret"]}, token_updater=kept.append)
link, state = session.authorization_url(plan["authorize"])
error = failed(session.fetch_token, plan["token"], authorization_response=visit(link, "deny"), client_secret=plan["secret"])
note(f"denied: {type(error).__name__}")
session.fetch_token(plan["token"], authorization_response=visit(link), client_secret=plan["secret"])

live(session, kept)

pass_(plan["rest"])
error = failed(session.get, plan["resource"])
note(f"{type(error).__name__} {error.error}")
