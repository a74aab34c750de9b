package admin

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/journal"
	"sandbank/server/report"
)

// ReportList is the report cards of all clients that called.
type ReportList struct {
	Items   []report.Card `json:"items"`   // by client
	Dropped uint64        `json:"dropped"` // requests that the journal has forgotten: the cards do not know them
}

// ReportQuery says what is to be judged.
type ReportQuery struct {
	Client string    // empty: every client
	Bank   string    // its calls there alone
	After  uint64    // entries with a greater number only
	From   time.Time // entries not before it
}

func reportEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/report", op: "report", doc: "how clients behave, from A to F: rules judged by the journal, with evidence",
			query: []parameter{{"client", "one client's card; all that called, when missing"}, {"bank", "what was sent to it alone"},
				{"since", "after this entry's id, from this instant, or from so long ago (5m)"}, {"format", "json or junit; json by default"}}, out: ReportList{},
			do: reportCards},
	}
}

func reportCards(r *request) (any, error) {
	q := ReportQuery{Client: r.query.Get("client"), Bank: r.query.Get("bank")}
	var err error
	if q.After, q.From, err = r.since(); err != nil {
		return nil, err
	}
	format := r.query.Get("format")
	if err := oneOf("format", format, "json", "junit"); err != nil {
		return nil, err
	}
	list, err := r.Report(q)
	if err != nil || format != "junit" {
		return list, err
	}
	text, err := junit(list.Items)
	if err != nil {
		return nil, err
	}
	r.ctx.Set("Content-Type", "application/xml; charset=utf-8")
	r.ctx.Set("Cache-Control", "no-store")
	return answered, r.ctx.Send(text)
}

// Report judges clients by what the journal still has. One that neither called nor is registered is NotFound.
func (d *Desk) Report(q ReportQuery) (*ReportList, error) {
	if err := oneOf("bank", q.Bank, d.Banks...); err != nil {
		return nil, err
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	list := &ReportList{Dropped: d.Space.Journal.Dropped()}
	if q.After == 0 && q.From.IsZero() { // what pages ask
		list.Items, _ = d.read("report "+q.Bank, func(all []*journal.Entry) any { return d.judge(all, q) }).([]report.Card)
	} else {
		list.Items = d.judge(d.traffic(), q)
	}
	if q.Client == "" {
		return list, nil
	}
	if i := slices.IndexFunc(list.Items, func(c report.Card) bool { return c.Client == q.Client }); i >= 0 {
		list.Items = list.Items[i : i+1]
		return list, nil
	}
	if !slices.ContainsFunc(d.Space.Grants.Clients(""), func(c *grant.Client) bool { return c.ID == q.Client }) {
		return nil, fail.New(fail.NotFound, "no client %q is registered, and none called", q.Client)
	}
	list.Items = []report.Card{*report.Judge(nil, d.Space.Grants, q.Client)}
	return list, nil
}

// judge makes the cards of all clients that the entries show.
func (d *Desk) judge(all []*journal.Entry, q ReportQuery) []report.Card {
	filter := journal.Filter{Bank: q.Bank, After: q.After, From: q.From}
	entries := slices.DeleteFunc(slices.Clone(all), func(e *journal.Entry) bool { return !filter.Match(e) })
	return report.Cards(entries, d.Space.Grants)
}

// The form of JUnit that CI servers read: a suite for each client, a case for each rule.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class   string       `xml:"classname,attr"`
		Name    string       `xml:"name,attr"`
		Failure *junitResult `xml:"failure"`
		Skipped *junitResult `xml:"skipped"`
	}
	junitResult struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// junit writes report cards as JUnit XML. What was not seen is skipped: it neither passed nor failed.
func junit(cards []report.Card) ([]byte, error) {
	all := junitSuites{Name: "sandbank report"}
	for _, card := range cards {
		suite := junitSuite{Name: card.Client, Tests: len(card.Rules), Failures: card.Failed, Skipped: len(card.Rules) - card.Seen,
			Properties: []junitProperty{{"grade", card.Grade}, {"banks", strings.Join(card.Banks, ",")}, {"seen", fmt.Sprintf("%d/%d", card.Seen, card.Applicable)}}}
		for _, r := range card.Rules {
			suite.Cases = append(suite.Cases, junitRule(card.Client, r))
		}
		all.Tests, all.Failures = all.Tests+suite.Tests, all.Failures+suite.Failures
		all.Suites = append(all.Suites, suite)
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", "  ")
	err := e.Encode(all)
	b.WriteByte('\n')
	return b.Bytes(), err
}

func junitRule(client string, r report.Result) junitCase {
	c := junitCase{Class: client, Name: r.Rule + ": " + r.Title}
	switch r.Verdict {
	case report.Failed:
		c.Failure = &junitResult{Message: fmt.Sprintf("%d offences; see %s", r.Offences, strings.Join(r.Cases, ", "))}
		for _, e := range r.Evidence {
			c.Failure.Text += fmt.Sprintf("entry %d, %s, %s %s → %d: %s\n", e.Entry, e.At.Format(time.RFC3339), e.Method, e.Path, e.Status, e.Why)
		}
	case report.Unseen, report.Exempt:
		c.Skipped = &junitResult{Message: string(r.Verdict)}
	}
	return c
}
