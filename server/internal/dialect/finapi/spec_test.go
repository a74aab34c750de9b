package finapi_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"sandbank/server"
	"sandbank/server/servertest"
)

// official is finAPI's own OpenAPI document, read once; nil without SANDBANK_SPECS.
var official = sync.OnceValues(func() (*openapi3.T, error) {
	dir := os.Getenv("SANDBANK_SPECS")
	if dir == "" {
		return nil, nil
	}
	return openapi3.NewLoader().LoadFromFile(filepath.Join(dir, "finapi-access-1.151.1.openapi.yaml"))
})

// documented checks an answer against what the document says of the operation: the status, the schema with every required field, and that
// there is no field which the document does not know.
func documented(t *testing.T, doc *openapi3.T, method, template string, a *answer) {
	t.Helper()
	item := doc.Paths.Value(template)
	if item == nil || item.GetOperation(method) == nil {
		t.Fatalf("the document has no %s %s", method, template)
	}
	response := item.GetOperation(method).Responses.Status(a.Status)
	if response == nil {
		t.Errorf("%s %s: status %d is not documented: %s", method, template, a.Status, a.Body)
		return
	}
	content := response.Value.Content.Get("application/json")
	if content == nil {
		if a.Body != "" {
			t.Errorf("%s %s: %d has no body in the document: %s", method, template, a.Status, a.Body)
		}
		return
	}
	var value any
	if err := json.Unmarshal([]byte(a.Body), &value); err != nil {
		t.Errorf("%s %s: %v", method, template, err)
		return
	}
	if err := content.Schema.Value.VisitJSON(value, openapi3.MultiErrors()); err != nil {
		t.Errorf("%s %s: %d: %v", method, template, a.Status, err)
	}
	for _, field := range strange(content.Schema, value, "") {
		if !slices.Contains([]string{".error", ".error_description"}, field) { // for OAuth libraries, at /oauth/token alone
			t.Errorf("%s %s: the document does not know %s", method, template, field)
		}
	}
}

// strange are the fields that a schema does not have.
func strange(schema *openapi3.SchemaRef, value any, at string) (out []string) {
	if schema == nil {
		return nil
	}
	for _, part := range schema.Value.AllOf {
		if len(schema.Value.Properties) == 0 {
			return strange(part, value, at)
		}
	}
	switch value := value.(type) {
	case []any:
		for _, one := range value {
			out = append(out, strange(schema.Value.Items, one, at+"[]")...)
		}
	case map[string]any:
		for key, one := range value {
			if schema.Value.Properties[key] == nil {
				out = append(out, at+"."+key)
				continue
			}
			out = append(out, strange(schema.Value.Properties[key], one, at+"."+key)...)
		}
	}
	return out
}

// Every operation of the document that the sandbox has, with good and with bad input.
func TestAnswersAreThoseOfTheOfficialDocument(t *testing.T) {
	t.Parallel()
	doc, err := official()
	if err != nil {
		t.Fatal(err)
	}
	if doc == nil {
		const why = "SANDBANK_SPECS is not set: set it to the directory of finapi-access-1.151.1.openapi.yaml to validate finAPI's answers"
		if os.Getenv("SANDBANK_CI") != "" { // everything is meant to be there
			t.Fatal(why)
		}
		t.Skip(why)
	}
	d := open(t, server.Options{})
	checked := map[string]bool{}
	check := func(method, template string, a *answer) *answer {
		t.Helper()
		checked[method+" "+template] = true
		documented(t, doc, method, template, a)
		return a
	}
	call := func(method, template, path, token, body string) *answer {
		t.Helper()
		if path == "" {
			path = template
		}
		return check(method, template, d.call(method, path, token, body))
	}

	check("POST", "/oauth/token", d.token(nil)).Want(200)
	check("POST", "/oauth/token", d.token(form("client_secret", "x"))).Want(401)
	check("POST", "/oauth/token", d.token(form("grant_type", "x"))).Want(400)
	for _, body := range []string{"", `{"id":"anna","password":"password","email":"a@example.com","phone":"1"}`} {
		call("POST", "/api/v1/users", "", d.client, body).Want(201)
	}
	call("POST", "/api/v1/users", "", d.client, `{"id":"ANNA"}`).Want(422)
	call("POST", "/api/v1/users", "", d.client, `{"id":"ä"}`).Want(400)
	call("POST", "/api/v1/users", "", "x", "").Want(401)
	login := check("POST", "/oauth/token", d.password("anna", "password")).Want(200)
	token := login.Text("access_token")
	check("POST", "/oauth/token", d.refresh(login.Text("refresh_token"))).Want(200)
	call("POST", "/api/v1/users", "", token, "").Want(403)
	call("GET", "/api/v1/users", "", token, "").Want(200)
	call("GET", "/api/v1/users", "", d.client, "").Want(403)
	call("PATCH", "/api/v1/users", "", token, `{"phone":""}`).Want(200)
	call("PATCH", "/api/v1/users", "", token, `{}`).Want(400)
	call("GET", "/api/v1/clientConfiguration", "", d.client, "").Want(200)
	call("PATCH", "/api/v1/clientConfiguration", "", d.client, `{"applicationName":"My App","supportEmail":"a@example.com"}`).Want(200)
	call("PATCH", "/api/v1/clientConfiguration", "", d.client, `{"refreshTokensValidityPeriod":1}`).Want(400)

	imported := call("POST", "/api/v1/bankConnections/import", "", token, `{"bankId":280001,"name":"A","bankingUserId":"a","bankingPin":"b","storePin":true}`).Want(201)
	var connection struct {
		ID         int64   `json:"id"`
		AccountIDs []int64 `json:"accountIds"`
	}
	imported.Into(&connection)
	for body, status := range map[string]int{`{}`: 400, `{"bankId":1}`: 422, `{"bankId":280003}`: 501, `{"bankId":280001,"bankingUserId":"a"}`: 422} {
		call("POST", "/api/v1/bankConnections/import", "", token, body).Want(status)
	}
	at := path("/api/v1/bankConnections", connection.ID)
	call("GET", "/api/v1/bankConnections", "", token, "").Want(200)
	call("GET", "/api/v1/bankConnections/{id}", at, token, "").Want(200)
	call("GET", "/api/v1/bankConnections/{id}", "/api/v1/bankConnections/7", token, "").Want(404)
	call("PATCH", "/api/v1/bankConnections/{id}", at, token, `{"name":"B"}`).Want(200)
	call("POST", "/api/v1/bankConnections/update", "", token, fmt.Sprintf(`{"bankConnectionId":%d}`, connection.ID)).Want(200)
	call("GET", "/api/v1/banks", "", d.client, "").Want(200)
	call("GET", "/api/v1/banks/{id}", "/api/v1/banks/280003", token, "").Want(200)

	account := path("/api/v1/accounts", connection.AccountIDs[0])
	call("GET", "/api/v1/accounts", "", token, "").Want(200)
	call("GET", "/api/v1/accounts/{id}", account, token, "").Want(200)
	call("GET", "/api/v1/accounts/{id}", "/api/v1/accounts/x", token, "").Want(400)
	call("PATCH", "/api/v1/accounts/{id}", account, token, `{"isNew":false}`).Want(200)
	call("GET", "/api/v1/accounts/dailyBalances", "", token, "").Want(200)
	call("GET", "/api/v1/accounts/dailyBalances", "/api/v1/accounts/dailyBalances?startDate=2027-01-01", token, "").Want(422)
	call("POST", "/api/v1/tests/mockBatchUpdate", "", token, fmt.Sprintf(`{"mockBankConnectionUpdates":[{"bankConnectionId":%d,"mockAccountsData":[{"accountId":%d,"accountBalance":1,"newTransactions":[{"amount":1}]}]}]}`,
		connection.ID, connection.AccountIDs[0])).Want(200)
	call("GET", "/api/v1/bankConnections/{id}", at, token, "").Want(200)
	call("GET", "/api/v1/accounts", "", token, "").Want(200)
	list := call("GET", "/api/v1/transactions", "/api/v1/transactions?view=userView&perPage=500&order=finapiBookingDate,desc", token, "").Want(200)
	var found transactions
	list.Into(&found)
	call("GET", "/api/v1/transactions", "/api/v1/transactions?view=userView&perPage=501", token, "").Want(400)
	call("PATCH", "/api/v1/transactions", "", token, `{"isNew":false}`).Want(200)
	entry := path("/api/v1/transactions", found.List[0].ID)
	call("GET", "/api/v1/transactions/{id}", entry, token, "").Want(200)
	call("PATCH", "/api/v1/transactions/{id}", entry, token, `{"categoryId":378}`).Want(200)
	call("DELETE", "/api/v1/transactions/{id}", entry, token, "").Want(200)
	call("GET", "/api/v1/categories", "", token, "").Want(200)
	call("GET", "/api/v1/categories/{id}", "/api/v1/categories/378", token, "").Want(200)
	call("DELETE", "/api/v1/accounts/{id}", account, token, "").Want(200)
	call("DELETE", "/api/v1/bankConnections/{id}", at, token, "").Want(200)
	call("DELETE", "/api/v1/bankConnections", "", token, "").Want(200)
	call("DELETE", "/api/v1/accounts", "", token, "").Want(200)

	call("GET", "/api/v1/users/verificationStatus", "/api/v1/users/verificationStatus?userId=anna", d.client, "").Want(200)
	call("POST", "/api/v1/users/verify/{userId}", "/api/v1/users/verify/anna", d.client, "").Want(422)
	call("DELETE", "/api/v1/users/{userId}", "/api/v1/users/anna", d.client, "").Want(422)
	change := call("POST", "/api/v1/users/requestPasswordChange", "", d.client, `{"userId":"anna"}`).Want(200).Text("passwordChangeToken")
	call("POST", "/api/v1/users/executePasswordChange", "", d.client, `{"userId":"anna","password":"another","passwordChangeToken":"x"}`).Want(400)
	for range 3 {
		check("POST", "/oauth/token", d.password("anna", "wrong")).Want(400)
	}
	check("POST", "/oauth/token", d.password("anna", "password")).Want(423)
	call("POST", "/api/v1/users/executePasswordChange", "", d.client, `{"userId":"anna","password":"another","passwordChangeToken":"`+change+`"}`).Want(200)
	token = d.password("anna", "another").Want(200).Text("access_token")
	check("POST", "/oauth/revoke", d.Post("/oauth/revoke", form("token", "x"), servertest.Bearer(token))).Want(200)
	check("POST", "/oauth/revoke", d.Post("/oauth/revoke", form(), servertest.Bearer(token))).Want(400)
	call("DELETE", "/api/v1/users", "", token, "").Want(200)

	for _, o := range d.Operations() {
		template := strings.TrimSuffix(o.Path, "/")
		if o.Bank == "finapi" && o.Op != "override" && !o.Own && !strings.HasPrefix(template, "/api/v2") && !strings.HasPrefix(template, "/users") && !checked[o.Method+" "+template] {
			t.Errorf("%s %s was not validated", o.Method, template)
		}
	}
}
