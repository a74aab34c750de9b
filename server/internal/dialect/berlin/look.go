package berlin

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"sandbank/server/grant"
	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// seen says what the page showed, so that what is allowed is what was read: who logged in, and whether the consent had been given.
func (p *plan) seen() string {
	if p.given {
		return p.person.Login + " given"
	}
	return p.person.Login
}

// showConsent shows what the app asks for. ticked are the accounts to tick; nil ticks those that people mostly share.
func showConsent(c *wire.Call, status int, r *grant.Request, p *plan, ticked []string, alert string) error {
	f := c.Frame()
	f.Ends, f.User = r.Ends, p.person.Login
	until := p.until(c, r.Client)
	view := page.Consent{Frame: f, Heading: c.Client.Name + " asks to see your accounts", Return: wire.Back(r),
		Action: c.Local(consentPath), Hidden: []page.Field{wire.Flow(r), {Name: "seen", Value: p.seen()}}, Steps: steps(), Step: 1,
		Title: "Accounts to share", Choices: p.choices(c, ticked), Fixed: p.fixed(), Alert: alert, Submit: "Allow",
		EndsOn: "Access ends on " + until.Add(-time.Nanosecond).In(sofia()).Format("2 January 2006"), EndNote: lasts(days(c.Now, until)) + ", " + p.often(c, r.Client),
		Asks: p.asks(), AskTitle: "For these accounts it may read", Limit: "It cannot pay, transfer or change anything.", Note: p.note(c, r.Client)}
	if p.given {
		view.Heading = c.Client.Name + " asks to see your accounts again"
	}
	return c.Page(status, view)
}

func lasts(days int) string {
	switch days {
	case 0:
		return "today only"
	case 1:
		return "1 day"
	}
	return strconv.Itoa(days) + " days"
}

func (p *plan) often(c *wire.Call, client string) string {
	asked := int64(0)
	if p.consent != nil {
		if !p.consent.Recurring {
			return "one access"
		}
		asked = p.consent.Frequency
	}
	switch n := frequency(c, client, asked); n {
	case 0:
		return "as often as it likes"
	case 1:
		return "up to once a day"
	default:
		return "up to " + strconv.FormatInt(n, 10) + " times a day"
	}
}

// choices lists the accounts in question. Current and savings accounts in the person's main currency are ticked at first.
func (p *plan) choices(c *wire.Call, ticked []string) []page.Choice {
	out := make([]page.Choice, len(p.accounts))
	uneven := slices.ContainsFunc(p.rights, func(r grant.Right) bool {
		return r.Balances != p.rights[0].Balances || r.Transactions != p.rights[0].Transactions
	})
	for i, a := range p.accounts {
		right := p.right(a.ID)
		one := page.Choice{Value: a.ID, Name: a.Name, Note: grouped(a.IBAN), Off: right == nil || a.Status != ledger.Enabled}
		switch {
		case a.Status != ledger.Enabled:
			one.Figure = string(a.Status)
		default:
			one.Figure = figure(c.Space.Ledger.Balance(a.ID, c.Now).Booked, a.Currency)
		}
		if right != nil && uneven {
			one.Note += ", " + extent(right)
		}
		one.On = !one.Off && (slices.Contains(ticked, a.ID) ||
			ticked == nil && (a.Kind == ledger.Current || a.Kind == ledger.Savings) && a.Currency == p.accounts[0].Currency)
		out[i] = one
	}
	return out
}

func extent(r *grant.Right) string {
	switch {
	case r.Balances && r.Transactions:
		return "balances and transactions"
	case r.Balances:
		return "balances"
	case r.Transactions:
		return "transactions"
	}
	return "details only"
}

func (p *plan) asks() []page.Ask {
	list := page.Ask{Icon: "list", Name: "Account list", Note: "Name, number, currency"}
	if p.names {
		list.Note += ", owner"
	}
	out := []page.Ask{list}
	if slices.ContainsFunc(p.rights, func(r grant.Right) bool { return r.Balances }) {
		out = append(out, page.Ask{Icon: "bank", Name: "Balances", Note: "Yesterday’s and the expected one"})
	}
	if slices.ContainsFunc(p.rights, func(r grant.Right) bool { return r.Transactions }) {
		out = append(out, page.Ask{Icon: "rotate", Name: "Transactions", Note: "Booked and pending, as far back as the bank has them"})
	}
	return out
}

// note is the small print: which consent this is, and what becomes of the one before.
func (p *plan) note(c *wire.Call, client string) string {
	const moment = "2 January 2006 at 15:04"
	recurring, out := true, ""
	if p.consent != nil {
		recurring = p.consent.Recurring
		out = "Consent " + p.consent.ID + ", asked for on " + p.consent.Created.In(sofia()).Format(moment) + "."
	}
	if p.given {
		return out + " You gave it on " + p.consent.Answered.At.In(sofia()).Format(moment) + "; it stays as it is."
	}
	former := c.Space.Grants.Consents(func(v *grant.Consent) bool {
		return v.Bank == name && v.Client == client && v.Owner == p.person.ID && v.Recurring && v.Stored == grant.Valid
	})
	if recurring && len(former) > 0 {
		out += " What you allow now replaces what you allowed " + c.Client.Name + " before."
	}
	return strings.TrimSpace(out)
}

// grouped writes an IBAN as people read it.
func grouped(iban string) string {
	var b strings.Builder
	for i := range len(iban) {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(iban[i])
	}
	return b.String()
}

// figure writes money for people: "€ 4,210.33".
func figure(minor int64, currency string) string {
	text := amount(minor)
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	for i := len(text) - 6; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	switch currency {
	case "EUR":
		currency = "€"
	case "USD":
		currency = "$"
	}
	return sign + currency + " " + text
}
