package console

import (
	"net/url"
	"slices"
	"sort"

	"sandbank/admin"
	"sandbank/server/report"
)

func reportPages() []page {
	return []page{{path: "report", Title: "Report card", Nav: "scenarios", name: "report", build: reportCard}}
}

// ReportCard is how one client behaves, and beside it the others' grades.
type ReportCard struct {
	V       *visit
	Cards   []report.Card // of all clients that called, the busiest first
	Card    *report.Card
	Bank    string
	Dropped uint64
}

func reportCard(v *visit) (any, error) {
	r := &ReportCard{V: v, Bank: v.Query.Get("bank")}
	if err := r.read(); err != nil {
		return nil, err
	}
	client := v.Query.Get("client")
	if client == "" {
		if len(r.Cards) > 0 {
			r.Card = &r.Cards[0]
		}
		return r, nil
	}
	if i := slices.IndexFunc(r.Cards, func(c report.Card) bool { return c.Client == client }); i >= 0 {
		r.Card = &r.Cards[i]
		return r, nil
	}
	list, err := v.Desk.Report(admin.ReportQuery{Client: client, Bank: r.Bank})
	if err != nil {
		return nil, err
	}
	r.Card = &list.Items[0]
	return r, nil
}

// read finds the cards of all who called, the busiest first.
func (r *ReportCard) read() error {
	list, err := r.V.Desk.Report(admin.ReportQuery{Bank: r.Bank})
	if err != nil {
		return err
	}
	r.Cards, r.Dropped = slices.Clone(list.Items), list.Dropped
	sort.SliceStable(r.Cards, func(i, j int) bool { return r.Cards[i].Requests > r.Cards[j].Requests })
	return nil
}

// Rules are the card's, what was broken first.
func (r *ReportCard) Rules() []report.Result {
	order := []report.Verdict{report.Failed, report.Passed, report.Unseen, report.Exempt}
	rules := slices.Clone(r.Card.Rules)
	place := func(i int) int { return slices.Index(order, rules[i].Verdict) }
	sort.SliceStable(rules, func(i, j int) bool { return place(i) < place(j) })
	return rules
}

// Verdict is a rule's state in a word that has a badge.
func (r *ReportCard) Verdict(v report.Verdict) string {
	switch v {
	case report.Passed:
		return "kept"
	case report.Failed:
		return "broken"
	}
	return string(v)
}

// Of is the address of another client's card.
func (r *ReportCard) Of(client string) string { return r.V.Here("client", client) }

// JUnit is the address of the card in the form that CI servers read.
func (r *ReportCard) JUnit() string {
	return r.V.Root + admin.Prefix + r.call("junit")
}

// Script is the command for the card.
func (r *ReportCard) Script() string { return r.V.Curl("GET", r.call(""), "") }

func (r *ReportCard) call(format string) string {
	query := url.Values{}
	for name, value := range map[string]string{"client": r.Card.Client, "bank": r.Bank, "format": format} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return "/report?" + query.Encode()
}

// GradeText says in words what the grade rests on.
func (r *ReportCard) GradeText() string {
	switch {
	case r.Card.Grade == "":
		return "nothing to judge yet"
	case r.Card.Failed == 0 && r.Card.Seen < r.Card.Applicable:
		return "no rule broken, few seen yet"
	case r.Card.Failed == 0:
		return "every rule kept"
	}
	return plural(r.Card.Failed, "rule", "rules") + " broken"
}
