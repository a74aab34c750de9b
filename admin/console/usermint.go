package console

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sandbank/admin"
	"sandbank/server/fail"
)

// MintUser is the form for new people, with what they would have.
type MintUser struct {
	V          *visit
	Choices    admin.UserChoices
	Currencies []string
	Preview    *admin.UsersMinted
	Count      int  // humans of the order
	Beside     bool // the form stands beside the list
}

// mintUser is the form's page. A preview is a GET, so that it can be looked at as often as one likes.
func mintUser(v *visit) (any, error) {
	if clean := withoutOwn(v.Query); len(clean) < len(v.Query) {
		return nil, moved{v.At("users/mint", "?"+clean.Encode())}
	}
	m := v.mintForm()
	if v.Query.Get("preview") != "" && v.failed == nil {
		m.preview()
	}
	return m, nil
}

// withoutOwn takes away what a form carries for itself, and what says nothing. Its button for a preview has a name that commands leave out.
func withoutOwn(q url.Values) url.Values {
	out := url.Values{}
	for name, all := range q {
		if name == "@preview" {
			name = "preview"
		}
		if last := all[len(all)-1]; !strings.HasPrefix(name, "@") && last != "" && last != "false" {
			out.Set(name, last)
		}
	}
	return out
}

func (v *visit) mintForm() *MintUser {
	m := &MintUser{V: v, Choices: v.Desk.UserChoices(), Count: 1}
	if n, err := strconv.Atoi(v.Query.Get("count")); err == nil && n > 1 {
		m.Count = n
	}
	m.Currencies = m.Choices.Currencies[v.Query.Get("bank")]
	if m.Currencies == nil {
		all := map[string]bool{}
		for _, some := range m.Choices.Currencies {
			for _, c := range some {
				all[c] = true
			}
		}
		m.Currencies = slices.Sorted(maps.Keys(all))
	}
	return m
}

// looked is how many humans a preview makes up: the others are like them.
const looked = 3

// preview asks the verb itself, dry. What it refuses stands at its field, as if the form had been sent.
func (m *MintUser) preview() {
	verb, _ := m.V.console.panel.Verb("mintUsers")
	fields := maps.Clone(m.V.Query)
	fields.Del("preview")
	out, err := m.pull(verb, fields, "true")
	if err != nil {
		e := fail.From(err)
		m.V.failed = &failure{op: verb.Op, params: map[string]string{}, values: fields, Field: e.Param, Text: e.Why, status: status(e)}
		return
	}
	m.Preview, _ = out.(*admin.UsersMinted)
}

func (m *MintUser) pull(verb admin.Verb, fields url.Values, dry string) (any, error) {
	fields = maps.Clone(fields)
	fields.Set("dry", dry)
	if m.Count > looked && m.Count <= 1000 {
		fields.Set("count", strconv.Itoa(looked))
	}
	body, err := encode(verb.In, fields)
	if err != nil {
		return nil, err
	}
	return m.V.console.panel.Pull(m.V.ctx, m.V.Space, m.V.Root, verb.Op, nil, nil, body)
}

// Transactions is the number of entries behind one person's accounts, as text.
func (m *MintUser) Transactions(u admin.MintedUser) string {
	if u.Transactions == nil {
		return ""
	}
	return strconv.Itoa(*u.Transactions)
}

// First are the people of the preview who are the first human, one at each bank.
func (m *MintUser) First() []admin.MintedUser {
	if m.Preview == nil || len(m.Preview.Users) == 0 {
		return nil
	}
	first := m.Preview.Users[0].Login
	i := slices.IndexFunc(m.Preview.Users, func(u admin.MintedUser) bool { return u.Login != first })
	if i < 0 {
		i = len(m.Preview.Users)
	}
	return m.Preview.Users[:i]
}

// Options are the currencies to choose from, and the bank's own.
func (m *MintUser) Options(all []string, none string) []string {
	return append([]string{"=" + none}, all...)
}

// lives say in a few words what a persona is like.
var lives = map[string][2]string{
	"student": {"Student", "little money, often"}, "family": {"Family", "salary, rent, many shops"}, "freelancer": {"Freelancer", "uneven income"},
	"sme": {"Small firm", "invoices, VAT, wages"}, "broke": {"Broke", "overdrawn"}, "millionaire": {"Millionaire", "large sums"},
	"empty": {"Empty", "no entries"}, "edge": {"Odd names", "what breaks clients"},
	"saver": {"Saver", "puts much aside"}, "side": {"Second account", "little happens"},
}

// Personas are cards to pick from, as value, word and note.
func (m *MintUser) Personas() []string {
	out := []string{"=Mixed=as banks have them"}
	for _, p := range m.Choices.Personas {
		words, ok := lives[p]
		if !ok {
			words = [2]string{capital(p), ""}
		}
		out = append(out, p+"="+words[0]+"="+words[1])
	}
	return out
}

// Scripted are the fields of the order as the address has them, for the command.
func (m *MintUser) Scripted() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m.V.Query)) {
		if name != "preview" && name != "mint" && leafOf(admin.UserOrder{}, name) {
			out = append(out, name, m.V.Query.Get(name))
		}
	}
	return out
}

// leafOf tells whether an order has a field.
func leafOf(in any, name string) bool { return kindOf(in, name) != "" }
