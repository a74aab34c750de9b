"""What every client here is given: the plan, the person's browser, and time."""
import json
import os
import time
import urllib.parse
import urllib.request

plan = json.loads(os.environ["SANDBANK_PLAN"])
SECOND = {"text": "1s", "seconds": 1}


def _say(*event):
    print(json.dumps(event), flush=True)


def note(text):
    _say("note", text)


def answer(response):
    """Tell what a bank answered to the library's own call."""
    _say("answer", response.status_code, response.text)


def visit(url, press="allow"):
    """Send the person to a URL of the bank, to allow or deny what is asked; returns the URL of the app that the bank sent the browser back to."""
    with urllib.request.urlopen(plan["browser"] + "/" + press + "?url=" + urllib.parse.quote(url, safe="")) as response:
        return response.read().decode()


_now = int(time.time()) + 0.5
time.time = lambda: _now


def pass_(span):
    """Let time go by, at the bank and here. Between two calls it stands still at both, so that each instant is exact."""
    global _now
    body = json.dumps({"advance": span["text"]}).encode()
    urllib.request.urlopen(urllib.request.Request(plan["levers"] + "/clock", body, {"Content-Type": "application/json"})).close()
    _now += span["seconds"]
    note(span["text"])


def live(session, kept):
    """Call on both sides of the access token's end. The session refreshes by itself, and kept is where it leaves what it was given."""
    for span in None, plan["before"], SECOND:
        if span:
            pass_(span)
        response = session.get(plan["resource"])
        if kept:
            note("refreshed")
            kept.clear()
        answer(response)


def failed(what, *args, **named):
    """The error that a call ends with."""
    try:
        what(*args, **named)
    except Exception as error:
        return error
    raise SystemExit("no error")
