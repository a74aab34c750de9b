"""The web client that the Yoisho document points at, rebuilt from its description: a link with a redirect_uri that is not encoded, a
Content-Type on GETs that have no body, and no error handling. The first argument is the account API."""
import http.server
import sys
import urllib.parse

import requests

oauth_url = sys.argv[1]
client_id = "7b6fc8ed5127b0b2f076d"
client_secret = "724e6890757b0ae624684b70e111b705fe6b050c"
headers = {"Content-Type": "application/json; charset=UTF-8", "Accept": "application/json"}


class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        try:
            page = self.client(urllib.parse.parse_qs(url.query)) if url.path == "/client" else self.index()
        except Exception as error:  # what a web framework does
            return self.send_error(500, type(error).__name__)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def index(self):
        return "<a href='" + oauth_url + "/authorize?redirect_uri=" + app_url + "/client&client_id=" + client_id + "'>Log in</a>"

    def client(self, query):
        code = query["code"][0]
        answer = requests.get(oauth_url + "/access_token?code=" + code + "&client_id=" + client_id + "&client_secret=" + client_secret, headers=headers)
        token = answer.json()["access_token"]
        data = requests.get(oauth_url + "/balance", headers=dict(headers, Authorization="Bearer " + token)).json()
        return "The balance of " + data["account_owner"] + " is " + data["account_balance"]


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), App)
app_url = "http://localhost:" + str(server.server_port)
print("port", server.server_port, flush=True)
server.serve_forever()
