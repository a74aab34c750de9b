package admin_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sandbank/admin"
	"sandbank/server"
)

// shows is where a bank tells of one account, and in which words.
type shows struct {
	login, account, path     string // path: of something about that account alone
	blocked, closed, removed string // what the list says; "-": the account is not in it; in front of a colon, text that stands behind the account's mark
	status                   [3]int // of path: blocked, closed, removed
}

func bankShows() map[string]shows {
	return map[string]shows{
		"yoisho":     {"dave", "yoisho-dave-1", "/account/balance", `"account_balance": "0.00"`, `"account_balance": "0.00"`, `"account_balance": "0.00"`, [3]int{200, 200, 200}},
		"berlin":     {"dave", "1a0f6c52-7d43-4b8e-9a55-2f90c1d7e301", "/v1/accounts/1a0f6c52-7d43-4b8e-9a55-2f90c1d7e301/balances", `"status":"blocked"`, `"status":"deleted"`, "-", [3]int{400, 400, 404}},
		"sparebank1": {"dave", "Qd7KfBRXWQaY8BkaSjg1", "/personal/banking/accounts/Qd7KfBRXWQaY8BkaSjg1", `"isBlocked":true`, "-", "-", [3]int{200, 404, 404}},
		"s2s":        {"ali", "43199139", "/api/v1/accounts/43199139", `"available_amount":"0.00"`, "-", "-", [3]int{200, 404, 404}},
		"finapi":     {"dave", "1", "/api/v1/accounts/1", `"isSeized":true`, `"status":"DEPRECATED"`, "-", [3]int{200, 200, 404}},
	}
}

// said is what the list says of the account; "-" when it is not there.
func (c *customer) said(s shows) string {
	c.t.Helper()
	body := c.list().Want(200).Body
	if c.bank == "yoisho" {
		return body
	}
	_, rest, ok := strings.Cut(body, map[string]string{"finapi": `{"id":1,`}[c.bank]+map[bool]string{true: s.account}[c.bank != "finapi"])
	if !ok {
		return "-"
	}
	one, _, _ := strings.Cut(rest, map[string]string{"berlin": "resourceId", "sparebank1": `"key"`, "s2s": "account_id", "finapi": `{"id":`}[c.bank])
	return one
}

// Case E55 at every bank, by each bank's own words.
func TestAccountBlockedClosedRemoved(t *testing.T) {
	t.Parallel()
	for bank, s := range bankShows() {
		t.Run(bank, func(t *testing.T) {
			t.Parallel()
			d := open(t, server.Options{}, admin.Options{})
			c := d.customer(bank, s.login)
			before := c.said(s)
			wire := func(when, want string, status int) {
				t.Helper()
				if got := c.said(s); want == "-" && got != "-" || !strings.Contains(got, want) || got == before {
					t.Errorf("%s: the list says %s", when, got)
				}
				if a := c.ask(s.path); a.Status != status {
					t.Errorf("%s: %s is %d %s", when, s.path, a.Status, a.Body)
				}
			}
			path := "/accounts/" + s.account
			d.pull("POST", path+"/block", nil).Want(200)
			wire("blocked", s.blocked, s.status[0])
			d.pull("POST", path+"/block", nil).Want(409)
			d.pull("POST", path+"/unblock", nil).Want(200)
			if got := c.said(s); got != before {
				t.Errorf("unblocked: %s, before %s", got, before)
			}
			d.pull("POST", path+"/unblock", nil).Want(409)
			d.pull("POST", path+"/close", nil).Want(200)
			wire("closed", s.closed, s.status[1])
			d.pull("POST", path+"/entries", `{"amount":1}`).Want(409)
			d.pull("POST", path+"/reopen", nil).Want(200)
			d.pull("POST", path+"/reopen", nil).Want(409)
			d.pull("DELETE", path, nil).Want(204)
			wire("removed", s.removed, s.status[2])
			d.pull("GET", path, nil).Want(404)
			d.undo()
			if got := c.said(s); got != before || c.ask(s.path).Status != 200 {
				t.Errorf("undone: %s, before %s", got, before)
			}
		})
	}
}

// movements asks the bank for one account's transactions.
func (c *customer) movements(s shows) string {
	c.t.Helper()
	path := map[string]string{"berlin": "/v1/accounts/" + s.account + "/transactions?bookingStatus=both&dateFrom=2026-11-20", "sparebank1": "/personal/banking/transactions?accountKey=" + s.account,
		"s2s": "/api/v1/accounts/" + s.account + "/transactions", "finapi": "/api/v1/transactions?view=bankView&minBankBookingDate=2026-11-20&accountIds=" + s.account}[c.bank]
	return c.ask(path).Want(200).Body
}

// sums fails unless the account's balance is the sum of its booked entries; it returns the account.
func (d *desk) sums(id string) admin.AccountView {
	d.t.Helper()
	var list admin.MovementList
	var booked, pending admin.Money
	for cursor := ""; ; {
		list = admin.MovementList{}
		d.pull("GET", "/accounts/"+id+"/entries?limit=300&cursor="+cursor, nil).Want(200).Into(&list)
		for _, e := range list.Items {
			if e.State == "booked" {
				booked += e.Amount
			} else {
				pending += e.Amount
			}
		}
		if cursor = list.Next; cursor == "" {
			break
		}
	}
	if list.Account.Booked != booked || list.Account.Pending != pending {
		d.t.Errorf("account %s has %s and %s, its entries make %s and %s", id, list.Account.Booked, list.Account.Pending, booked, pending)
	}
	return list.Account
}

// Case E61 at every bank: money moves while a client looks.
func TestEntriesOnTheWire(t *testing.T) {
	t.Parallel()
	for bank, s := range bankShows() {
		t.Run(bank, func(t *testing.T) {
			t.Parallel()
			d := open(t, server.Options{}, admin.Options{})
			c := d.customer(bank, s.login)
			path := "/accounts/" + s.account
			before := d.sums(s.account)
			first := c.said(s)
			var added admin.MovementAdded
			d.pull("POST", path+"/entries", `{"amount":"-12.34","text":"Lever lunch","party":"Cafe Lever"}`).Want(201).Into(&added)
			if added.Entry.State != "booked" || added.Account.Booked != before.Booked-1234 || added.Entry.Amount != -1234 {
				t.Errorf("added %+v", added)
			}
			if bank == "yoisho" {
				if got := c.list().Body; !strings.Contains(got, `"10,175.57"`) {
					t.Errorf("balance %s", got)
				}
			} else if got := c.movements(s); !strings.Contains(got, "12.34") || !strings.Contains(strings.ToLower(got), "lever") {
				t.Errorf("the bank does not tell the movement: %.400s", got)
			}
			d.sums(s.account)
			d.pull("POST", path+"/entries", `{"amount":7777,"text":"Soon","state":"pending","books":"3h"}`).Want(201).Into(&added)
			if added.Entry.State != "pending" || added.Account.Booked != before.Booked-1234 || added.Account.Pending != before.Pending+7777 {
				t.Errorf("pending %+v", added)
			}
			d.pull("POST", path+"/entries/"+added.Entry.ID+"/book", nil).Want(200).Into(&added)
			if added.Entry.State != "booked" || added.Account.Booked != before.Booked-1234+7777 || added.Account.Pending != before.Pending {
				t.Errorf("booked %+v", added)
			}
			d.pull("POST", path+"/entries/"+added.Entry.ID+"/book", nil).Want(409)
			d.pull("POST", path+"/entries/nothing/book", nil).Want(404)
			d.sums(s.account)
			if now := d.sums(s.account); bank != "yoisho" && !strings.Contains(c.movements(s), "77.77") || now.Booked != before.Booked-1234+7777 {
				t.Errorf("after booking %+v", now)
			}
			d.pull("POST", path+"/entries", `{"balance":"0.05","type":"cash"}`).Want(201).Into(&added)
			if added.Account.Booked != 5 {
				t.Errorf("set to 0.05: %+v", added)
			}
			d.pull("POST", path+"/entries", `{"balance":"0.05"}`).Want(409)
			d.pull("POST", "/undo", `{"count":4}`).Want(200)
			if now := c.said(s); now != first || d.sums(s.account) != before {
				t.Errorf("undone: %s, before %s", now, first)
			}
		})
	}
}

// A pending movement books itself when its time comes, and not before; a clock that goes back takes that back.
func TestPendingEntryBooksItself(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	const id = "yoisho-dave-1"
	before := d.sums(id).Booked
	d.pull("POST", "/accounts/"+id+"/entries", `{"amount":-100,"state":"pending","books":"90m"}`).Want(201)
	for _, tt := range []struct {
		move time.Duration
		want admin.Money
	}{{90*time.Minute - 1, before}, {1, before - 100}, {-1, before}, {time.Hour, before - 100}} {
		d.Advance(tt.move)
		if got := d.sums(id).Booked; got != tt.want {
			t.Errorf("after %s: %s, want %s", tt.move, got, tt.want)
		}
	}
	d.pull("POST", "/accounts/"+id+"/entries", `{"amount":5,"at":"2026-11-01T10:00:00Z"}`).Want(201)
	var list admin.MovementList
	d.pull("GET", "/accounts/"+id+"/entries?limit=2", nil).Want(200).Into(&list)
	if len(list.Items) != 2 || list.Items[0].Amount != -100 || list.Items[1].Amount != 5 || list.Next == "" {
		t.Errorf("listed %+v", list.Items)
	}
	d.sums(id)
}

func TestAccountRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	before := d.file(d.take(""))
	const path = "/accounts/yoisho-dave-1"
	for body, field := range map[string]string{
		`{}`: "amount", `{"amount":1,"balance":1}`: "amount", `{"amount":0}`: "amount", `{"amount":1.5}`: "amount", `{"amount":"1.5"}`: "amount", `{"amount":"abc"}`: "amount",
		`{"amount":99999999999999}`: "amount", `{"amount":1,"state":"maybe"}`: "state", `{"amount":1,"type":"gift"}`: "type", `{"amount":1,"books":"1h"}`: "books",
		`{"amount":1,"state":"pending","books":"-1h"}`: "books", `{"amount":1,"state":"pending","books":"90000d"}`: "books", `{"balance":1,"state":"pending"}`: "balance",
		`{"amount":1,"state":"pending","at":"2026-01-01T00:00:00Z"}`: "at", `{"amount":1,"at":"2027-01-01T00:00:00Z"}`: "at", `{"amount":1,"at":"1900-01-01T00:00:00Z"}`: "at",
		`{"amount":1,"text":"a\u0000"}`: "text", `{"amount":1,"text":"` + strings.Repeat("x", 141) + `"}`: "text", `{"amount":1,"id":"x"}`: "id",
	} {
		d.refused("POST", path+"/entries", body, field)
	}
	for body, field := range map[string]string{`{"name":""}`: "name", `{"name":"a\nb"}`: "name", `{"limit":-1}`: "limit", `{"status":"closed"}`: "status"} {
		d.refused("PATCH", path, body, field)
	}
	for _, verb := range []string{"block", "unblock", "close", "reopen", "entries", "entries/x/book"} {
		d.pull("POST", "/accounts/nobody/"+verb, map[bool]string{true: `{"amount":1}`}[verb == "entries"]).Want(404)
	}
	d.pull("DELETE", "/accounts/nobody", nil).Want(404)
	for query, field := range map[string]string{"bank=x": "bank", "status=x": "status", "cursor=x": "cursor"} {
		d.refused("GET", "/accounts?"+query, "", field)
	}
	if d.file(d.take("")) != before {
		t.Error("a refused order left something")
	}
}

func TestAccountLists(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	walk := func(query string) (ids []string, total int) {
		for cursor := ""; ; {
			var page admin.AccountList
			d.pull("GET", "/accounts?limit=4&"+query+"&cursor="+cursor, nil).Want(200).Into(&page)
			for _, a := range page.Items {
				ids = append(ids, a.ID)
			}
			if cursor = page.Next; cursor == "" {
				return ids, page.Total
			}
		}
	}
	all, total := walk("")
	seen := map[string]bool{}
	for _, id := range all {
		seen[id] = true
	}
	if len(all) != total || len(seen) != total || total < 40 {
		t.Errorf("%d walked, %d different, %d told", len(all), len(seen), total)
	}
	for query, want := range map[string]int{"user=berlin/dave": 6, "user=dave": 21, "bank=yoisho": 2, "bank=berlin&status=blocked": 2} {
		if ids, total := walk(query); len(ids) != want || total != want {
			t.Errorf("%s: %d walked, %d told, want %d", query, len(ids), total, want)
		}
	}
	d.pull("PATCH", "/accounts/43199139", `{"name":"Ev","limit":"50.00"}`).Want(200)
	var a admin.AccountView
	d.pull("GET", "/accounts/43199139", nil).Want(200).Into(&a)
	if a.Name != "Ev" || a.Limit != 5000 || a.Available != a.Booked+a.Pending+5000 {
		t.Errorf("edited %+v", a)
	}
	c := d.customer("s2s", "ali")
	var got struct{ Data map[string]any }
	json.Unmarshal([]byte(c.ask("/api/v1/accounts/43199139").Want(200).Body), &got)
	if got.Data["overdraft_protection"] != true {
		t.Errorf("on the wire: %v", got.Data)
	}
}
