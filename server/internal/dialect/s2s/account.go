package s2s

import (
	"encoding/json"
	"hash/fnv"
	"strconv"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

func accounts(c *wire.Call) error {
	b, err := admit(c, readAccounts)
	if err != nil {
		return err
	}

	list := []shapeAccount{}
	for _, a := range c.Space.Ledger.AccountsOf(b.Token.Owner) {
		if a.Status != ledger.Closed {
			list = append(list, showAccount(c.Space.Ledger, a, c.Now))
		}
	}

	return show(c, shapeData[[]shapeAccount]{list})
}

func account(c *wire.Call) error {
	a, err := ownAccount(c)
	if err != nil {
		return err
	}

	return show(c, shapeData[shapeAccount]{showAccount(c.Space.Ledger, a, c.Now)})
}

// transactions are all that were booked, newest first; the document has no paging.
func transactions(c *wire.Call) error {
	a, err := ownAccount(c)
	if err != nil {
		return err
	}

	booked, _ := c.Space.Ledger.Entries(a.ID, c.Now)
	list := make([]shapeTransaction, 0, len(booked))
	after := sum(booked)
	for i := len(booked) - 1; i >= 0; i-- {
		list = append(list, showTransaction(&booked[i], a.Currency, after))
		after -= booked[i].Amount
	}

	return show(c, shapeData[[]shapeTransaction]{list})
}

func sum(entries []ledger.Entry) (total int64) {
	for i := range entries {
		total += entries[i].Amount
	}
	return total
}

func transaction(c *wire.Call) error {
	a, err := ownAccount(c)
	if err != nil {
		return err
	}
	asked := c.Param("transaction_id")
	if !digits(asked) {
		return c.Trail.No("transaction_id", fail.Field("transaction_id", "transaction_id %q is no integer", asked).Say("transaction_id must be an integer."))
	}

	booked, _ := c.Space.Ledger.Entries(a.ID, c.Now)
	for i := range booked {
		if e := &booked[i]; number(e.ID).String() == asked {
			return show(c, shapeData[shapeTransaction]{showTransaction(e, a.Currency, sum(booked[:i+1]))})
		}
	}
	return c.Trail.No("transaction known", fail.New(fail.NotFound, "account %s has no booked transaction %s", a.ID, asked).
		Say("There is no such transaction.").Coded("TRANSACTION_NOT_FOUND"))
}

// ownAccount finds the account of the path among those of the token's owner. Another person's is not told from one that never was.
func ownAccount(c *wire.Call) (*ledger.Account, error) {
	b, err := admit(c, readAccounts)
	if err != nil {
		return nil, err
	}
	id := c.Param("account_id")
	if !digits(id) {
		return nil, c.Trail.No("account_id", fail.Field("account_id", "account_id %q is no integer", id).Say("account_id must be an integer."))
	}
	return owned(c, id, b.Token.Owner)
}

func owned(c *wire.Call, id, owner string) (*ledger.Account, error) {
	a := c.Space.Ledger.Account(id)
	why := ""
	switch {
	case a == nil || a.Bank != name:
		why = "there is no account " + id
	case a.Owner != owner:
		why = "account " + id + " is " + a.Owner + "'s, the token acts for " + owner
	case a.Status == ledger.Closed:
		why = "account " + id + " is closed"
	}
	if why != "" {
		return nil, c.Trail.No("own account", fail.New(fail.NotFound, "%s", why).Say("There is no such account.").Coded("ACCOUNT_NOT_FOUND"))
	}
	c.Trail.Pass("own account", id)
	return a, nil
}

func digits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// number is an entry's id as this API tells it: an integer. Payments, and whatever others enter, have ids that are texts; these get ten
// digits, made from the text so that they stay the same, above all numbers of the fixtures and small enough for a client's int32.
func number(id string) json.Number {
	if digits(id) && len(id) <= 16 && (id[0] != '0' || len(id) == 1) {
		return json.Number(id)
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	return json.Number(strconv.FormatUint(1_000_000_000+h.Sum64()%1_147_000_000, 10))
}
