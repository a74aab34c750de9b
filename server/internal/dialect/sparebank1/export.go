package sparebank1

import (
	"slices"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// exportTransactions writes the booked transactions of one account as the bank's CSV: semicolons, Norwegian dates and decimal commas,
// quotes around all that is not empty, and a semicolon at the end of each line.
func exportTransactions(c *wire.Call) error {
	p, err := customer(c, scopeTransactions)
	if err != nil {
		return err
	}
	if !takesCSV(c.Header("Accept")) {
		return c.Trail.No("media type", fail.New(fail.NotAcceptable, "the export is application/csv; Accept is %q", c.Header("Accept")))
	}
	a, s, fields, err := readExport(c, p)
	if err != nil {
		return err
	}

	found := find(c, s)

	out := make([]byte, 0, 128*(len(found)+1))
	for _, f := range fields {
		out = append(append(out, heading(f)...), ';')
	}
	out = append(out, '\n')
	for i := range found {
		if e := found[i].entry; e.Booked(c.Now) {
			for _, f := range fields {
				out = append(append(out, quoted(column(f, e, a))...), ';')
			}
			out = append(out, '\n')
		}
	}
	c.Set("Content-Disposition", `attachment; filename="transaksjoner.csv"`)
	return c.Send(200, "application/csv;charset=UTF-8", out)
}

// takesCSV tells whether an Accept header takes the export; none takes anything. JSON alone is 406 at the bank (banks.md 3.3).
func takesCSV(accept string) bool {
	if strings.TrimSpace(accept) == "" {
		return true
	}
	for one := range strings.SplitSeq(accept, ",") {
		one, _, _ = strings.Cut(one, ";")
		switch strings.ToLower(strings.TrimSpace(one)) {
		case "application/csv", "text/csv", "*/*", "application/*", "text/*":
			return true
		}
	}
	return false
}

func readExport(c *wire.Call, p *ledger.Person) (*ledger.Account, *search, []string, error) {
	q := c.Query()
	if err := q.Once("accountKey", "fromDate", "toDate"); err != nil {
		return nil, nil, nil, err
	}
	for _, param := range []string{"accountKey", "fromDate", "toDate"} {
		if q.Get(param) == "" {
			return nil, nil, nil, fail.Field(param, "%s is missing", param).Say("%s is required.", param)
		}
	}
	s := &search{recent: true, historic: true}
	if err := s.period(q); err != nil {
		return nil, nil, nil, err
	}
	a, err := own(c, p, q.Get("accountKey"), "accountKey")
	if err != nil {
		return nil, nil, nil, err
	}
	s.accounts = []*ledger.Account{a}
	fields, err := exportFields(q.All("fields"))
	return a, s, fields, err
}

// exportFields reads the columns, repeated or with commas between, and keeps their order. The categories come only when asked for.
func exportFields(asked []string) ([]string, error) {
	var out []string
	for _, value := range asked {
		for one := range strings.SplitSeq(value, ",") {
			one = strings.TrimSpace(one)
			switch {
			case one == "" || slices.Contains(out, one):
			case heading(one) == "":
				return nil, fail.Field("fields", "there is no field %q", one).
					Say("fields must be among DATE, DESCRIPTION, INTEREST_DATE, IN, OUT, TO_ACCOUNT, FROM_ACCOUNT, CATEGORY, SUBCATEGORY.")
			default:
				out = append(out, one)
			}
		}
	}
	if len(out) == 0 {
		out = []string{"DATE", "DESCRIPTION", "INTEREST_DATE", "IN", "OUT", "TO_ACCOUNT", "FROM_ACCOUNT"}
	}
	return out, nil
}

// heading is a column's name in the first line, as spreadsheets and importers of the bank's customers know it; "" for no column.
func heading(field string) string {
	switch field {
	case "DATE":
		return "Dato"
	case "DESCRIPTION":
		return "Beskrivelse"
	case "INTEREST_DATE":
		return "Rentedato"
	case "IN":
		return "Inn"
	case "OUT":
		return "Ut"
	case "TO_ACCOUNT":
		return "Til konto"
	case "FROM_ACCOUNT":
		return "Fra konto"
	case "CATEGORY":
		return "Hovedkategori"
	case "SUBCATEGORY":
		return "Underkategori"
	}
	return ""
}

func column(field string, e *ledger.Entry, a *ledger.Account) string {
	date := func(t time.Time) string { return t.In(oslo()).Format("02.01.2006") }
	in, to, from := e.Amount > 0, domestic(e.PartyRef), a.Number
	if in {
		to, from = from, to
	}
	switch field {
	case "DATE":
		return date(e.At)
	case "DESCRIPTION":
		return harmless(description(e))
	case "INTEREST_DATE":
		return date(e.Value)
	case "IN":
		if in {
			return money(e.Amount).decimal(",")
		}
	case "OUT":
		if !in {
			return money(e.Amount).decimal(",")
		}
	case "TO_ACCOUNT":
		return harmless(to)
	case "FROM_ACCOUNT":
		return harmless(from)
	case "CATEGORY":
		return categoryOf(e).MainI18n
	case "SUBCATEGORY":
		return categoryOf(e).SubI18n
	}
	return ""
}

// harmless puts an apostrophe before a text that a spreadsheet would take for a formula: anybody may write a message to a payment.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}

func quoted(text string) string {
	if text == "" {
		return ""
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}
