package s2s

import (
	"strconv"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
)

// depositRate is public data: the application's headers, and no token.
func depositRate(c *wire.Call) error {
	if _, err := application(c); err != nil {
		return err
	}
	q := c.Query()
	if err := q.Once("channel", "days", "amount", "currency_code"); err != nil {
		return bad(c, err)
	}
	days, err := strconv.Atoi(q.Get("days"))
	if err != nil || !digits(q.Get("days")) || days < 1 || days > longest {
		return bad(c, field("days", q.Get("days"), "is not a whole number from 1 to %d", longest))
	}
	amount, why := parseAmount(q.Get("amount"))
	if why != "" {
		return bad(c, field("amount", q.Get("amount"), "%s", why))
	}
	currency, channel := q.Get("currency_code"), q.Get("channel")
	if basis(currency) == nil {
		return bad(c, field("currency_code", currency, "is not one of TRY, USD, EUR, GBP"))
	}
	if channel == "" || len(channel) > 20 || strings.Trim(channel, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return bad(c, field("channel", channel, "is not a name of capital letters, as ISCEP"))
	}

	rate := interest(currency, days, amount)

	return show(c, shapeData[shapeRate]{shapeRate{plain(rate), q.Get("days"), q.Get("amount"), currency, channel}})
}

func bad(c *wire.Call, err error) error { return c.Trail.No("parameters", fail.From(err)) }

// longest is the longest term of a deposit, in days.
const longest = 1095

// interest is the yearly rate in hundredths of a per cent: by term, and a little more for larger amounts. It is the same through every
// channel. The document's example is on it: 17 for 60 days and 100000 TRY through ISCEP.
func interest(currency string, days int, amount int64) int64 {
	rates := basis(currency)
	rate := rates[len(rates)-1]
	for i, last := range []int{31, 45, 91, 181, 365} {
		if days <= last {
			rate = rates[i]
			break
		}
	}
	more := int64(5)
	if currency == "TRY" {
		more = 25
	}
	for _, step := range []int64{100_000_00, 500_000_00, 1_000_000_00} {
		if amount >= step {
			rate += more
		}
	}
	return rate
}

// basis are a currency's rates for terms to 31, 45, 91, 181 and 365 days, and for longer ones; nil for currencies without deposits.
func basis(currency string) []int64 {
	switch currency {
	case "TRY":
		return []int64{15_50, 16_00, 16_75, 17_00, 16_50, 15_00}
	case "USD":
		return []int64{50, 75, 1_00, 1_25, 1_50, 1_50}
	case "EUR":
		return []int64{10, 15, 20, 25, 35, 35}
	case "GBP":
		return []int64{25, 40, 50, 60, 75, 75}
	}
	return nil
}
