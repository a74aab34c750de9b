package s2s

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// Shapes: the order of the fields is that of the documents, misspellings are theirs.
type (
	shapeCode struct {
		Code string `json:"code"`
	}
	// shapeTokens tells a token without end by no number of seconds, and one that is dead on arrival by 0.
	shapeTokens struct {
		Type           string          `json:"token_type"`
		Access         string          `json:"access_token"`
		Expires        json.RawMessage `json:"expires_in,omitempty"`
		Consented      int64           `json:"consented_on"`
		Scope          string          `json:"scope"`
		Refresh        string          `json:"refresh_token,omitempty"`
		RefreshExpires *int64          `json:"refresh_token_expires_in,omitempty"`
	}
	shapeData[T any] struct {
		Data T `json:"data"`
	}
	// shapeAccount tells money as text; transactions tell it as numbers.
	shapeAccount struct {
		BranchCode string `json:"branch_code"`
		Number     string `json:"account_number"`
		ID         string `json:"account_id"`
		Balance    string `json:"account_balance"`
		Blockage   string `json:"blockage_amount"`
		Last       string `json:"last_transactions_date"`
		Available  string `json:"available_amount"`
		IBAN       string `json:"iban"`
		Overdraft  bool   `json:"overdraft_protection"`
		Currency   string `json:"currency_code"`
		BranchName string `json:"branch_name"`
	}
	shapeTransaction struct {
		ID          json.Number `json:"id"`
		Type        string      `json:"type"`
		Amount      json.Number `json:"amount"`
		Balance     json.Number `json:"balance"`
		Description string      `json:"description"`
		Time        string      `json:"time"`
		NetBalance  json.Number `json:"net_balance"`
		Currency    string      `json:"currency_code"`
	}
	// shapePayment is the answer to an order. EFT is in lira only and names no currency; created_at, state and executed_at come with an
	// EFT that was paid. The funds and investments that the real bank would sell to cover an order are all zero here.
	shapePayment struct {
		Result      bool        `json:"result"`
		Amount      json.Number `json:"amount"`
		Fee         json.Number `json:"fee_amount"`
		Tax         json.Number `json:"fee_tax_amount"`
		Currency    string      `json:"currency,omitempty"`
		Debtor      string      `json:"debtor_account_name"`
		Creditor    string      `json:"creditor_account_name"`
		Source      json.Number `json:"source_account_amount"`
		Overdraft   json.Number `json:"overdraft_amount"`
		Fund801     int         `json:"fund_801_amount"`
		Fund808     int         `json:"fund_808_amount"`
		Fund818     int         `json:"fund_818_amount"`
		FundTotal   int         `json:"fund_total_amount"`
		MaximumTerm int         `json:"maximum_term_account_amount"`
		Investment  int         `json:"invesment_account_amount"`
		Investments int         `json:"invesment_total_amount"`
		QueryNumber string      `json:"query_number"`
		Reference   string      `json:"payment_reference_id"`
		Created     string      `json:"created_at,omitempty"`
		State       string      `json:"state,omitempty"`
		Executed    string      `json:"executed_at,omitempty"`
	}
	// shapeRate echoes days and amount as the texts they were sent as; only the rate is a number.
	shapeRate struct {
		Rate     json.Number `json:"deposit_rate"`
		Days     string      `json:"days"`
		Amount   string      `json:"amount"`
		Currency string      `json:"currency_code"`
		Channel  string      `json:"channel"`
	}
)

func showTokens(c *wire.Call, i *grant.Issued) shapeTokens {
	s := shapeTokens{Type: wire.TokenType(i.Access, "bearer"), Access: i.Access.Value, Expires: c.Space.Grants.ExpiresIn(i.Access, c.Now),
		Consented: i.Grant.Created.Unix(), Scope: i.Access.Scope}
	if i.Refresh != nil {
		s.Refresh, s.RefreshExpires = i.Refresh.Value, seconds(i.Refresh, c.Now)
	}
	return s
}

func seconds(t *grant.Token, now time.Time) *int64 {
	if t.Expires.IsZero() {
		return nil
	}
	left := t.Seconds(now)
	return &left
}

func showAccount(l *ledger.Ledger, a *ledger.Account, now time.Time) shapeAccount {
	b := l.Balance(a.ID, now)
	last := a.Opened
	if booked, _ := l.Entries(a.ID, now); len(booked) > 0 {
		last = booked[len(booked)-1].At
	}
	blockage, available := max(-b.Pending, 0), b.Available()
	switch {
	case a.Status != ledger.Enabled: // nothing on it can be spent
		blockage, available = max(b.Booked, 0), 0
	case a.Kind == ledger.Loan: // what is owed cannot be spent either
		available = 0
	}
	return shapeAccount{BranchCode: a.Facts["branchCode"], Number: masked("", "****", a.Number, 3), ID: a.ID, Balance: decimal(b.Booked),
		Blockage: decimal(blockage), Last: last.In(istanbul).Format("2006-01-02-07:00"), Available: decimal(available),
		IBAN:      masked(a.IBAN[:min(2, len(a.IBAN))], strings.Repeat("*", max(len(a.IBAN)-8, 0)), a.IBAN, 6),
		Overdraft: a.Kind != ledger.Card && a.Limit > 0, Currency: a.Currency, BranchName: a.Facts["branchName"]}
}

// masked keeps the last n characters behind stars: "****231", "TR******************884231".
func masked(head, stars, text string, n int) string {
	return head + stars + text[max(len(text)-n, len(head)):]
}

// showTransaction prints an entry; after is the balance once it was booked.
func showTransaction(e *ledger.Entry, currency string, after int64) shapeTransaction {
	kind, amount := "CREDIT", e.Amount
	if amount < 0 {
		kind, amount = "DEBIT", -amount
	}
	text := e.Text
	if !strings.HasPrefix(text, e.Party) {
		text = strings.TrimSuffix(e.Party+" - "+text, " - ")
	}
	return shapeTransaction{ID: number(e.ID), Type: kind, Amount: plain(amount), Balance: plain(after), Description: text,
		Time: moment(e.At), NetBalance: plain(after), Currency: currency}
}

func showPayment(p *ledger.Payment, by product) shapePayment {
	overdraft, _ := strconv.ParseInt(p.Facts["overdraft"], 10, 64)
	s := shapePayment{Result: true, Amount: plain(p.Amount), Fee: plain(p.Fee), Tax: plain(p.Tax), Debtor: p.Facts["debtor"], Creditor: p.ToName,
		Source: plain(p.Total()), Overdraft: plain(overdraft), QueryNumber: p.ID, Reference: p.Facts["reference"]}
	if !by.clearing {
		s.Currency = p.Facts["currency"]
	}
	return s
}

// showEFT adds what became of the order. Orders are carried out at once, at any hour.
func showEFT(p *ledger.Payment) shapePayment {
	s := showPayment(p, eft())
	s.Created, s.State, s.Executed = moment(p.Entered), "COMPLETED", moment(p.Due)
	return s
}

// istanbul is three hours ahead of UTC all year round, since September 2016.
var istanbul = time.FixedZone("+03", 3*60*60)

// moment is "2019-04-11T15:57:10.499+03:00".
func moment(t time.Time) string { return t.In(istanbul).Format("2006-01-02T15:04:05.000-07:00") }

// decimal writes minor units with both decimals: "106968.50".
func decimal(minor int64) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	cents := strconv.FormatInt(minor%100, 10)
	return sign + strconv.FormatInt(minor/100, 10) + "." + "00"[:2-len(cents)] + cents
}

// plain writes minor units as a JSON number without idle zeros: 310.8, 100.
func plain(minor int64) json.Number {
	return json.Number(strings.TrimSuffix(strings.TrimRight(decimal(minor), "0"), "."))
}
