package berlin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sandbank/server/servertest"
)

func access(text string) string {
	return `{"access":` + text + `,"recurringIndicator":true,"validUntil":"2027-03-03","frequencyPerDay":4}`
}

func TestConsentRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t)
	ref := `[{"iban":"` + currentIBAN + `"}]`
	for name, c := range map[string]struct{ body, code, path string }{
		"no JSON":                     {`access`, "FORMAT_ERROR", ""},
		"cut short":                   {`{"access":{"accounts":[]}`, "FORMAT_ERROR", ""},
		"an array":                    {`[]`, "FORMAT_ERROR", ""},
		"null":                        {`null`, "FORMAT_ERROR", "access"},
		"two documents":               {wholeAsk + wholeAsk, "FORMAT_ERROR", ""},
		"nothing":                     {`{}`, "FORMAT_ERROR", "access"},
		"access a text":               {access(`"all"`), "FORMAT_ERROR", "access"},
		"access empty":                {access(`{}`), "FORMAT_ERROR", "access"},
		"accounts an object":          {access(`{"accounts":{}}`), "FORMAT_ERROR", "access.accounts"},
		"iban a number":               {access(`{"accounts":[{"iban":1}]}`), "FORMAT_ERROR", "access.accounts.iban"},
		"no identifier":               {access(`{"accounts":[{}]}`), "FORMAT_ERROR", "access.accounts[0]"},
		"two identifiers":             {access(`{"accounts":[{"iban":"` + currentIBAN + `","bban":"1"}]}`), "FORMAT_ERROR", "access.accounts[0]"},
		"bad IBAN":                    {access(`{"accounts":[{"iban":"bg12"}]}`), "FORMAT_ERROR", "access.accounts[0].iban"},
		"bad BBAN":                    {access(`{"accounts":[{"bban":"a b"}]}`), "FORMAT_ERROR", "access.accounts[0].bban"},
		"bad currency":                {access(`{"balances":[{"iban":"` + currentIBAN + `","currency":"eur"}]}`), "FORMAT_ERROR", "access.balances[0].currency"},
		"by card number":              {access(`{"transactions":[{"maskedPan":"123456xxxxxx1234"}]}`), "PARAMETER_NOT_SUPPORTED", "access.transactions[0]"},
		"by something else":           {access(`{"accounts":[{"other":{"identification":"x"}}]}`), "PARAMETER_NOT_SUPPORTED", "access.accounts[0]"},
		"too many":                    {access(`{"accounts":[` + strings.Repeat(`{"iban":"`+currentIBAN+`"},`, 100) + `{"iban":"` + currentIBAN + `"}]}`), "FORMAT_ERROR", "access.accounts"},
		"empty and filled":            {access(`{"accounts":` + ref + `,"balances":[]}`), "FORMAT_ERROR", "access"},
		"names with no list":          {access(`{"additionalInformation":{"ownerName":[]}}`), "FORMAT_ERROR", "access"},
		"names of others":             {access(`{"accounts":` + ref + `,"additionalInformation":{"ownerName":[{"iban":"` + savingsIBAN + `"}]}}`), "FORMAT_ERROR", "access.additionalInformation.ownerName[0]"},
		"lists and allPsd2":           {access(`{"accounts":[],"allPsd2":"allAccounts"}`), "FORMAT_ERROR", "access"},
		"allPsd2 and available":       {access(`{"availableAccounts":"allAccounts","allPsd2":"allAccounts"}`), "FORMAT_ERROR", "access"},
		"unknown availableAccounts":   {access(`{"availableAccounts":"some"}`), "FORMAT_ERROR", "access.availableAccounts"},
		"unknown with balance":        {access(`{"availableAccountsWithBalance":"some"}`), "FORMAT_ERROR", "access.availableAccountsWithBalance"},
		"unknown allPsd2":             {access(`{"allPsd2":"some"}`), "FORMAT_ERROR", "access.allPsd2"},
		"restricted and detailed":     {access(`{"accounts":` + ref + `,"restrictedTo":["CACC"]}`), "FORMAT_ERROR", "access.restrictedTo"},
		"restricted to nonsense":      {access(`{"accounts":[],"restrictedTo":["CACC","x"]}`), "FORMAT_ERROR", "access.restrictedTo[1]"},
		"recurring missing":           {`{"access":{"accounts":[]},"validUntil":"2027-03-03","frequencyPerDay":4}`, "FORMAT_ERROR", "recurringIndicator"},
		"recurring a word":            {strings.Replace(wholeAsk, "true", `"yes"`, 1), "FORMAT_ERROR", "recurringIndicator"},
		"recurring a number":          {strings.Replace(wholeAsk, "true", `1`, 1), "FORMAT_ERROR", "recurringIndicator"},
		"no validUntil":               {strings.Replace(wholeAsk, "9999-12-31", "", 1), "FORMAT_ERROR", "validUntil"},
		"validUntil no date":          {strings.Replace(wholeAsk, "9999-12-31", "2027-02-30", 1), "FORMAT_ERROR", "validUntil"},
		"validUntil short":            {strings.Replace(wholeAsk, "9999-12-31", "2027-2-3", 1), "FORMAT_ERROR", "validUntil"},
		"validUntil with time":        {strings.Replace(wholeAsk, "9999-12-31", "2027-03-03T00:00:00Z", 1), "FORMAT_ERROR", "validUntil"},
		"validUntil a number":         {strings.Replace(wholeAsk, `"9999-12-31"`, "20270303", 1), "FORMAT_ERROR", "validUntil"},
		"validUntil yesterday":        {strings.Replace(wholeAsk, "9999-12-31", "2026-12-02", 1), "FORMAT_ERROR", "validUntil"},
		"no frequency":                {strings.Replace(wholeAsk, `,"frequencyPerDay":4`, "", 1), "FORMAT_ERROR", "frequencyPerDay"},
		"frequency 0":                 {strings.Replace(wholeAsk, `:4`, ":0", 1), "FORMAT_ERROR", "frequencyPerDay"},
		"frequency negative":          {strings.Replace(wholeAsk, `:4`, ":-4", 1), "FORMAT_ERROR", "frequencyPerDay"},
		"frequency half":              {strings.Replace(wholeAsk, `:4`, ":1.5", 1), "FORMAT_ERROR", "frequencyPerDay"},
		"frequency huge":              {strings.Replace(wholeAsk, `:4`, ":99999999999999999999", 1), "FORMAT_ERROR", "frequencyPerDay"},
		"frequency a list":            {strings.Replace(wholeAsk, `:4`, ":[4]", 1), "FORMAT_ERROR", "frequencyPerDay"},
		"combined session":            {strings.Replace(wholeAsk, `{"access"`, `{"combinedServiceIndicator":true,"access"`, 1), "SESSIONS_NOT_SUPPORTED", "combinedServiceIndicator"},
		"combined session a question": {strings.Replace(wholeAsk, `{"access"`, `{"combinedServiceIndicator":"?","access"`, 1), "FORMAT_ERROR", "combinedServiceIndicator"},
	} {
		a := b.refused(b.do("POST", "/consent", c.body), 400, c.code)
		if got := path(a); got != c.path {
			t.Errorf("%s: path is %q, want %q: %s", name, got, c.path, a.Body)
		}
	}
	b.refused(b.do("POST", "/consent", ""), 400, "FORMAT_ERROR")
	b.refused(b.do("POST", "/consent", wholeAsk, servertest.Header("Content-Type", "application/x-www-form-urlencoded")), 415, "FORMAT_ERROR")
}

// What the bank takes although it is not quite what the schema says, and what it makes of it.
func TestConsentRequestsThatAreTaken(t *testing.T) {
	t.Parallel()
	b := start(t)
	iban := `[{"iban":"` + currentIBAN + `"}]`
	for name, c := range map[string]struct{ body, want string }{
		"maximum, adjusted":   {wholeAsk, `{"access":{"accounts":[],"balances":[],"transactions":[]},"recurringIndicator":true,"validUntil":"2027-06-01","frequencyPerDay":4,`},
		"181 days, adjusted":  {strings.Replace(wholeAsk, "9999-12-31", "2027-06-02", 1), `{"access":{"accounts":[],"balances":[],"transactions":[]},"recurringIndicator":true,"validUntil":"2027-06-01",`},
		"180 days":            {strings.Replace(wholeAsk, "9999-12-31", "2027-06-01", 1), `{"access":{"accounts":[],"balances":[],"transactions":[]},"recurringIndicator":true,"validUntil":"2027-06-01",`},
		"today":               {strings.Replace(wholeAsk, "9999-12-31", "2026-12-03", 1), `{"access":{"accounts":[],"balances":[],"transactions":[]},"recurringIndicator":true,"validUntil":"2026-12-03",`},
		"quoted values":       {`{"access":{"balances":[]},"recurringIndicator":"true","validUntil":"2027-03-03","frequencyPerDay":"2"}`, `{"access":{"balances":[]},"recurringIndicator":true,"validUntil":"2027-03-03","frequencyPerDay":2,`},
		"one-off":             {strings.Replace(strings.Replace(wholeAsk, "true", "false", 1), "9999-12-31", "2027-03-03", 1), `{"access":{"accounts":[],"balances":[],"transactions":[]},"recurringIndicator":false,"validUntil":"2027-03-03","frequencyPerDay":1,`},
		"often":               {strings.Replace(wholeAsk, ":4", ":24", 1), `{"access":{"accounts":[],"balances":[],"transactions":[]},"recurringIndicator":true,"validUntil":"2027-06-01","frequencyPerDay":4,`},
		"detailed":            {janeAsk, `{"access":{"accounts":[{"iban":"` + currentIBAN + `"},{"iban":"` + savingsIBAN + `","currency":"EUR"}],"balances":[{"iban":"` + currentIBAN + `"}],"transactions":[{"iban":"` + currentIBAN + `"}]},`},
		"by BBAN":             {access(`{"accounts":[{"bban":"SBNK91551000448998"}]}`), `{"access":{"accounts":[{"bban":"SBNK91551000448998"}]},`},
		"balances only":       {access(`{"balances":` + iban + `}`), `{"access":{"balances":` + iban + `},`},
		"null lists":          {access(`{"accounts":null,"balances":[]}`), `{"access":{"balances":[]},`},
		"owner's names":       {access(`{"accounts":` + iban + `,"additionalInformation":{"ownerName":` + iban + `,"trustedBeneficiaries":` + iban + `}}`), `{"access":{"accounts":` + iban + `,"additionalInformation":{"ownerName":` + iban + `}},`},
		"global":              {globalAsk, `{"access":{"allPsd2":"allAccounts"},`},
		"list":                {listAsk, `{"access":{"availableAccounts":"allAccounts"},`},
		"list with balances":  {sumsAsk, `{"access":{"availableAccountsWithBalance":"allAccountsWithOwnerName"},`},
		"restricted":          {access(`{"allPsd2":"allAccounts","restrictedTo":["SVGS"]}`), `{"access":{"allPsd2":"allAccounts","restrictedTo":["SVGS"]},`},
		"unknown fields":      {strings.Replace(wholeAsk, `{"access"`, `{"vendor":{"x":1},"access"`, 1), `{"access":{"accounts":[],`},
		"combined is false":   {strings.Replace(wholeAsk, `{"access"`, `{"combinedServiceIndicator":false,"access"`, 1), `{"access":{"accounts":[],`},
		"no type of the body": {wholeAsk, `{"access":{"accounts":[],`},
	} {
		var options []servertest.Option
		if name == "no type of the body" {
			options = append(options, func(r *http.Request) { r.Header.Del("Content-Type") })
		}
		a := b.do("POST", "/v1/consents", c.body, options...)
		if a.Status != 201 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
			continue
		}
		got := b.get("/v1/consents/" + a.Text("consentId")).Want(200)
		if !strings.HasPrefix(got.Body, c.want) || !strings.HasSuffix(got.Body, `"lastActionDate":"2026-12-03","consentStatus":"received"}`) {
			t.Errorf("%s:\n%s, want\n%s", name, got.Body, c.want)
		}
	}
}

func TestTheAnswerToAConsentRequest(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.do("POST", "/v1/consents", wholeAsk, servertest.Header("X-Request-ID", uuid)).Want(201)
	consent := a.Text("consentId")
	sca := b.get("/v1/consents/" + consent + "/authorisations").Want(200).JSON()["authorisationIds"].([]any)[0].(string)
	self := b.URL() + "/v1/consents/" + consent
	want := `{"consentStatus":"received","consentId":"` + consent + `","_links":{"self":{"href":"` + self + `"},"status":{"href":"` + self + `/status"},"scaStatus":{"href":"` + self + `/authorisations/` + sca + `"}}}`
	if a.Body != want {
		t.Errorf("body\n%s, want\n%s", a.Body, want)
	}
	if a.Header.Get("X-Request-ID") != uuid || a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Location") != self {
		t.Errorf("headers %v", a.Header)
	}
}

// scaRedirect is handed out when it works as it stands, and then it does.
func TestTheLinkToThePagesIsNeverDead(t *testing.T) {
	t.Parallel()
	b := start(t)
	for name, c := range map[string]struct {
		options []servertest.Option
		linked  bool
	}{
		"nobody":                  {nil, false},
		"nobody with a URI":       {[]servertest.Option{servertest.Header("TPP-Redirect-URI", back)}, false},
		"a client without a URI":  {[]servertest.Option{servertest.Basic(id, secret)}, false},
		"a client with one":       {[]servertest.Option{servertest.Basic(id, secret), servertest.Header("TPP-Redirect-URI", back+"?a=1&b=2")}, true},
		"a public client":         {[]servertest.Option{servertest.Header("X-IBM-Client-Id", spa), servertest.Header("TPP-Redirect-URI", back)}, false},
		"a client id alone":       {[]servertest.Option{servertest.Header("X-IBM-Client-Id", id), servertest.Header("TPP-Redirect-URI", back)}, true},
		"a client id as a header": {[]servertest.Option{servertest.Header("client_id", id), servertest.Header("TPP-Redirect-URI", back)}, true},
	} {
		var body struct {
			Links struct{ ScaRedirect struct{ Href string } } `json:"_links"`
		}
		b.do("POST", "/consent", wholeAsk, c.options...).Want(201).Into(&body)
		to := body.Links.ScaRedirect.Href
		if (to != "") != c.linked {
			t.Errorf("%s: scaRedirect is %q", name, to)
		}
		if to == "" {
			continue
		}
		page := b.Browser().Get(to+"&state=mine").Submit("login", "jane").Submit()
		if page.Param("code") == "" || page.Param("state") != "mine" {
			t.Errorf("%s: the link leads to %v", name, page.Away)
		}
	}
	a := b.refused(b.do("POST", "/consent", wholeAsk, servertest.Basic(id, secret), servertest.Header("TPP-Redirect-URI", "https://elsewhere.example/cb")), 400, "FORMAT_ERROR")
	if path(a) != "TPP-Redirect-URI" {
		t.Errorf("%s", a.Body)
	}
}

func TestWhoseConsentItIs(t *testing.T) {
	t.Parallel()
	b := start(t)
	mine, bearer := servertest.Basic(id, secret), servertest.Bearer(clientToken(b))
	others := servertest.Header("X-IBM-Client-Id", spa)
	named := servertest.Header("X-IBM-Client-Id", id)
	proven := func(r *http.Request) {
		r.Header.Set("X-IBM-Client-Id", id)
		r.Header.Set("X-IBM-Client-Secret", secret)
	}
	try := func(name, consent string, want map[string]int, options map[string]servertest.Option) {
		t.Helper()
		for _, sub := range []string{"", "/status", "/authorisations"} {
			for who, status := range want {
				var o []servertest.Option
				if options[who] != nil {
					o = append(o, options[who])
				}
				a := b.get("/consent/"+consent+sub, o...)
				if a.Status != status {
					t.Errorf("%s%s for %s: %d, want %d: %s", name, sub, who, a.Status, status, a.Body)
				}
			}
		}
	}
	options := map[string]servertest.Option{"nobody": nil, "client by Basic": mine, "client by token": bearer, "client by name": named, "client by secret header": proven, "another": others}

	nobodys := b.ask(wholeAsk)
	try("nobody's", nobodys, map[string]int{"nobody": 200, "client by Basic": 200, "client by token": 200, "client by name": 200, "another": 200}, options)
	b.Browser().Get(authorizeURL("consentId", nobodys)) // the client takes it
	try("adopted", nobodys, map[string]int{"nobody": 401, "client by Basic": 200, "client by token": 200, "client by name": 401, "client by secret header": 200, "another": 403}, options)
	if page := b.Browser().Get(authorizeURL("consentId", nobodys, "client_id", spa, "code_challenge", strings.Repeat("a", 43), "code_challenge_method", "S256")); page.Param("error") != "invalid_request" {
		t.Errorf("another client took it: %v", page.Away)
	}

	try("by Basic", b.ask(wholeAsk, mine), map[string]int{"nobody": 401, "client by Basic": 200, "client by token": 200, "client by name": 401, "another": 403}, options)
	try("by token", b.ask(wholeAsk, bearer), map[string]int{"nobody": 401, "client by Basic": 200, "another": 403}, options)
	try("by name", b.ask(wholeAsk, named), map[string]int{"nobody": 200, "client by Basic": 200, "client by name": 200, "another": 403}, options)
	try("of a public client", b.ask(wholeAsk, others), map[string]int{"nobody": 401, "client by Basic": 403, "another": 200}, options)
	query := b.do("POST", "/v1/consents?client_id="+id, wholeAsk).Want(201).Text("consentId")
	try("by query", query, map[string]int{"nobody": 200, "client by Basic": 200, "another": 403}, options)

	foreign := b.ask(wholeAsk, mine)
	b.refused(b.do("DELETE", "/consent/"+foreign, ""), 401, "TOKEN_UNKNOWN")
	b.refused(b.do("DELETE", "/consent/"+foreign, "", others), 403, "CONSENT_UNKNOWN")
	b.refused(b.do("DELETE", "/consent/"+foreign, "", named), 401, "TOKEN_UNKNOWN")
	if got := b.get("/consent/"+foreign, mine).Text("consentStatus"); got != "received" {
		t.Errorf("the consent is %s", got)
	}
	free := b.ask(wholeAsk)
	b.do("DELETE", "/consent/"+free, "").Want(204)
	if got := b.get("/consent/" + free).Text("consentStatus"); got != "terminatedByTpp" {
		t.Errorf("the consent is %s", got)
	}
}

func TestCallersOfTheConsentEndpointsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t)
	g := b.grant("jane", wholeAsk)
	b.Advance(time.Hour)
	live := clientToken(b)
	for name, c := range map[string]struct {
		option    servertest.Option
		status    int
		code      string
		challenge string
	}{
		"wrong secret":      {servertest.Basic(id, "wrong"), 401, "ROLE_INVALID", `Basic realm="berlin", charset="UTF-8"`},
		"unknown client":    {servertest.Basic("nobody", "x"), 401, "ROLE_INVALID", `Basic realm="berlin", charset="UTF-8"`},
		"unknown id":        {servertest.Header("X-IBM-Client-Id", "nobody"), 401, "ROLE_INVALID", `Basic realm="berlin", charset="UTF-8"`},
		"another bank's id": {servertest.Header("X-IBM-Client-Id", "7b6fc8ed5127b0b2f076d"), 401, "ROLE_INVALID", `Basic realm="berlin", charset="UTF-8"`},
		"broken Basic":      {servertest.Header("Authorization", "Basic !"), 401, "ROLE_INVALID", `Basic realm="berlin", charset="UTF-8"`},
		"unknown token":     {servertest.Bearer("x"), 401, "TOKEN_UNKNOWN", `Bearer error="invalid_token", error_description="The access token is not known."`},
		"expired token":     {servertest.Bearer(g.access), 401, "TOKEN_EXPIRED", `Bearer error="invalid_token", error_description="The access token has expired."`},
		"a refresh token":   {servertest.Bearer(g.refresh), 401, "TOKEN_INVALID", `Bearer error="invalid_token", error_description="The token is not valid for this service."`},
		"another scheme":    {servertest.Header("Authorization", "Digest x"), 401, "TOKEN_UNKNOWN", "Bearer"},
		"wrong header pair": {func(r *http.Request) {
			r.Header.Set("X-IBM-Client-Id", id)
			r.Header.Set("X-IBM-Client-Secret", "wrong")
		}, 401, "ROLE_INVALID", `Basic realm="berlin", charset="UTF-8"`},
		"two clients": {func(r *http.Request) { r.SetBasicAuth(id, secret); r.Header.Set("X-IBM-Client-Id", spa) }, 400, "PARAMETER_NOT_CONSISTENT", ""},
		"token and other id": {func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+live)
			r.Header.Set("X-IBM-Client-Id", spa)
		}, 400, "PARAMETER_NOT_CONSISTENT", ""},
		"unknown person": {servertest.Header("PSU-ID", "nobody"), 401, "PSU_CREDENTIALS_INVALID", "Bearer"},
		"a corporate":    {servertest.Header("PSU-Corporate-ID", "acme"), 401, "CORPORATE_ID_INVALID", "Bearer"},
		"bad address":    {servertest.Header("PSU-IP-Address", "1.2.3"), 400, "FORMAT_ERROR", ""},
	} {
		a := b.refused(b.do("POST", "/consent", wholeAsk, c.option), c.status, c.code)
		if got := a.Header.Get("WWW-Authenticate"); got != c.challenge {
			t.Errorf("%s: WWW-Authenticate is %q, want %q", name, got, c.challenge)
		}
	}
}

func TestPSUIDBindsTheConsent(t *testing.T) {
	t.Parallel()
	b := start(t)
	jane, dave := servertest.Header("PSU-ID", "jane"), servertest.Header("PSU-ID", "dave")

	a := b.refused(b.do("POST", "/consent", janeAsk, dave), 400, "RESOURCE_UNKNOWN")
	if path(a) != "access" {
		t.Errorf("%s", a.Body)
	}
	b.refused(b.do("POST", "/consent", strings.ReplaceAll(janeAsk, currentIBAN+`"}`, currentIBAN+`","currency":"USD"}`), jane), 400, "RESOURCE_UNKNOWN")
	b.refused(b.do("POST", "/consent", access(`{"accounts":[{"iban":"`+cardIBAN+`"}]}`), jane), 400, "RESOURCE_BLOCKED")

	consent := b.ask(wholeAsk, jane)
	page := b.Browser().Get(authorizeURL("consentId", consent)).Submit("login", "dave")
	if page.Status != 403 || !strings.Contains(page.Doc.Find("[role=alert]").Text(), "The app asks for the accounts of another user.") || strings.Contains(page.Doc.Find("main").Text(), "jane") {
		t.Errorf("dave at jane's consent: %d %s", page.Status, page.Doc.Find("[role=alert]").Text())
	}
	if page = page.Submit("login", "jane").Submit(); page.Param("code") == "" {
		t.Errorf("jane at her own: %v", page.Away)
	}
}

func TestAuthorisations(t *testing.T) {
	t.Parallel()
	b := start(t)
	consent := b.ask(wholeAsk)
	base := "/v1/consents/" + consent + "/authorisations"
	started := b.do("POST", base, "").Want(201)
	one := started.Text("authorisationId")
	want := `{"scaStatus":"received","authorisationId":"` + one + `","_links":{"scaStatus":{"href":"` + b.URL() + base + "/" + one + `"}}}`
	if started.Body != want || started.Header.Get("ASPSP-SCA-Approach") != "REDIRECT" {
		t.Errorf("%s, want %s", started.Body, want)
	}
	if got := b.get(base).Want(200).Body; got != `{"authorisationIds":["`+one+`"]}` {
		t.Errorf("list %s", got)
	}
	b.refused(b.get(base+"/nothing"), 404, "RESOURCE_UNKNOWN")
	b.refused(b.get("/v1/consents/nothing/authorisations/"+one), 403, "CONSENT_UNKNOWN")
	for _, body := range []string{`{"psuData":{"password":"x"}}`, `{"authenticationMethodId":"1"}`, `{"scaAuthenticationData":"1"}`, `{"confirmationCode":"1"}`} {
		b.refused(b.do("PUT", base+"/"+one, body), 400, "SERVICE_INVALID")
		b.refused(b.do("POST", base, body), 400, "SERVICE_INVALID")
	}
	b.refused(b.do("PUT", base+"/"+one, `[]`), 400, "FORMAT_ERROR")
	b.refused(b.do("PUT", base+"/"+one, `x=1`, servertest.Header("Content-Type", "text/plain")), 415, "FORMAT_ERROR")
	if a := b.refused(b.do("PUT", base+"/"+one, `{}`), 400, "FORMAT_ERROR"); path(a) != "PSU-ID" {
		t.Errorf("%s", a.Body)
	}
	b.refused(b.do("PUT", base+"/"+one, `{}`, servertest.Header("PSU-ID", "nobody")), 401, "PSU_CREDENTIALS_INVALID")
	updated := b.do("PUT", base+"/"+one, `{}`, servertest.Header("PSU-ID", "jane")).Want(200)
	if updated.Body != `{"scaStatus":"psuIdentified","_links":{"scaStatus":{"href":"`+b.URL()+base+"/"+one+`"}}}` {
		t.Errorf("update %s", updated.Body)
	}
	b.refused(b.do("PUT", base+"/"+one, `{}`, servertest.Header("PSU-ID", "dave")), 401, "PSU_CREDENTIALS_INVALID")
	b.code("jane", consent)
	client := servertest.Basic(id, secret)
	if got := b.get(base+"/"+one, client).Want(200).Body; got != `{"scaStatus":"finalised"}` {
		t.Errorf("afterwards %s", got)
	}
	b.refused(b.do("POST", base, "", client), 409, "STATUS_INVALID")
	b.refused(b.do("PUT", base+"/"+one, "{}", client, servertest.Header("PSU-ID", "jane")), 409, "STATUS_INVALID")

	failed := b.ask(wholeAsk)
	b.do("DELETE", "/consent/"+failed, "").Want(204)
	ids := b.get("/consent/" + failed + "/authorisations").JSON()["authorisationIds"].([]any)
	if got := b.get("/consent/" + failed + "/authorisations/" + ids[0].(string)).Text("scaStatus"); got != "failed" {
		t.Errorf("of a deleted consent: %s", got)
	}
	named := b.ask(janeAsk)
	b.refused(b.do("POST", "/consent/"+named+"/authorisations", "", servertest.Header("PSU-ID", "dave")), 400, "RESOURCE_UNKNOWN")
}
