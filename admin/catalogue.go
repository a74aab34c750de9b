package admin

import (
	"sandbank/server/fail"
)

// Refusal is how a bank says one kind of refusal.
type Refusal struct {
	Bank   string
	Kind   fail.Kind
	Token  bool // at its token endpoint; elsewhere otherwise
	Status int
	Type   string // media type of the body
	Body   string
}

// OperationView is one route of one bank.
type OperationView struct {
	Bank   string `json:"bank"`
	Method string `json:"method"`
	Path   string `json:"path"`
	Op     string `json:"op"`
	Doc    string `json:"doc"`
	Server string `json:"server"` // which of the bank's two answers: authorization or resource
	Own    bool   `json:"own"`    // only under /{bank}
	Open   bool   `json:"open"`   // needs neither client nor token
}

// RefusalView is a kind of refusal, as one bank says it.
type RefusalView struct {
	Bank   string    `json:"bank"`
	Kind   fail.Kind `json:"kind"`
	Text   string    `json:"text"` // what has happened
	At     string    `json:"at"`   // token: at the token endpoint; api: elsewhere
	Status int       `json:"status"`
	Type   string    `json:"type"`
	Body   string    `json:"body"`
}

func catalogueEndpoints() []endpoint {
	bank := []parameter{{"bank", "of one bank"}}
	return []endpoint{
		{method: "GET", path: "/operations", op: "operations", doc: "the routes of the banks", query: bank, out: []OperationView{},
			do: func(r *request) (any, error) { return r.OperationsOf(r.query.Get("bank")) }},
		{method: "GET", path: "/refusals", op: "refusals", doc: "how each bank says each kind of refusal", query: bank, out: []RefusalView{},
			do: func(r *request) (any, error) { return r.Refusals(r.query.Get("bank")) }},
	}
}

// OperationsOf are the routes of a bank, or of all.
func (d *Desk) OperationsOf(bank string) ([]OperationView, error) {
	if err := d.isBank("bank", bank); bank != "" && err != nil {
		return nil, err
	}
	out := []OperationView{}
	for _, o := range d.Operations {
		if bank != "" && o.Bank != bank {
			continue
		}
		one := OperationView{Bank: o.Bank, Method: o.Method, Path: o.Path, Op: o.Op, Doc: o.Doc, Server: "resource", Own: o.Own, Open: o.Open}
		if o.AS {
			one.Server = "authorization"
		}
		out = append(out, one)
	}
	return out, nil
}

// Refusals is how a bank, or each of all, says every kind of refusal.
func (d *Desk) Refusals(bank string) ([]RefusalView, error) {
	if err := d.isBank("bank", bank); bank != "" && err != nil {
		return nil, err
	}
	texts := map[fail.Kind]string{}
	for _, m := range fail.Meanings() {
		texts[m.Kind] = m.Text
	}
	out := []RefusalView{}
	if d.options.Refusals == nil {
		return out, nil
	}
	for _, r := range d.options.Refusals() {
		if bank != "" && r.Bank != bank {
			continue
		}
		one := RefusalView{Bank: r.Bank, Kind: r.Kind, Text: texts[r.Kind], At: "api", Status: r.Status, Type: r.Type, Body: r.Body}
		if r.Token {
			one.At = "token"
		}
		out = append(out, one)
	}
	return out, nil
}
