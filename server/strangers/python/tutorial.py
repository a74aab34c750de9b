#!/usr/bin/env python3.7
# What the SpareBank 1 tutorial comes to at its end, rebuilt from its description: no error handling, a link without quotes, a
# redirect_uri that is not encoded, a state that nobody checks, and a token on a shelf. The reader fills in the << >>.

import cgi
import json
import shelve
import uuid

import requests

client_id = '<< client_id >>'
client_secret = '<< client_secret >>'
fid = '<< fid >>'

app = "http://localhost:8000/cgi-bin/tutorial.py"
login_server = "https://api-auth.sparebank1.no"
api = "https://api.sparebank1.no"

shelf = shelve.open('tokens')
token = shelf.get('access_token')
code = cgi.FieldStorage().getvalue('code')

if code and not token:
    answer = requests.post(login_server + '/oauth/token', verify=False, allow_redirects=False, auth=(client_id, client_secret),
                           data={'grant_type': 'authorization_code', 'code': code, 'redirect_uri': app})
    token = json.loads(answer.content)['access_token']
    shelf['access_token'] = token
    shelf.close()

if token:
    answer = requests.get(api + '/personal/banking/accounts/default', headers={'Authorization': 'Bearer ' + token}, verify=False)
    if answer.text == 'Unauthorized':
        token = ''
    else:
        content = 'Account owner: ' + json.loads(answer.text)['owner']['name']

if not token:
    content = '<a href=' + login_server + '/oauth/authorize?response_type=code&client_id=' + client_id + '&redirect_uri=' + app + \
        '&finInst=' + fid + '&state=' + str(uuid.uuid4()) + '>Login</a>'

print("Content-type:text/html;charset=utf-8\r\n\r\n")
print("<html><head><title>Personal client</title></head><body>")
print(content)
print("</body></html>")
