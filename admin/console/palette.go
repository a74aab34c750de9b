package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sandbank/server/grant"
)

// find takes whoever searches to what is meant: an id that there is leads to its page, everything else to the palette with what fits.
func find(v *visit) (any, error) {
	q := strings.TrimSpace(v.Query.Get("q"))
	if _, err := v.Desk.Token(q, false); err == nil && strings.Contains(q, "_") {
		return nil, moved{v.Item("tokens", q)}
	}
	if n, err := strconv.ParseUint(strings.TrimPrefix(q, "#"), 10, 64); err == nil && q[0] == '#' && v.Space.Journal.Entry(n) != nil {
		return nil, moved{v.Item("inspector", q[1:])}
	}
	return nil, moved{v.At("palette", "?"+url.Values{"q": {q}}.Encode())}
}

// Command is something that the palette can do: go somewhere, or pull a lever.
type Command struct {
	Words, Icon string
	Also        string   // it is found by, unseen
	URL         string   // of a page
	Op          string   // or an operation
	Params      []string // of its path
	Fields      []string // of its body
}

// Commands are what the palette offers: all that can be done from anywhere, or what fits the words that are searched for, and what there is
// by such a name.
func (v *visit) Commands() []Command {
	words := strings.Fields(strings.ToLower(v.Query.Get("q")))
	if v.Page.Nav != "palette" {
		words = nil // it is the page's own query, not the palette's
	}
	all := slices.Concat(v.places(), v.levers())
	if len(words) == 0 {
		return all
	}
	all = slices.Concat(v.things(words), all, v.enders())
	return slices.DeleteFunc(all, func(c Command) bool {
		text := strings.ToLower(c.Words + " " + c.Also)
		return slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
	})
}

// Run is the form of a command that pulls a lever.
func (v *visit) Run(c Command) (*form, error) {
	f, err := v.Form(c.Op, c.Params...)
	if err != nil {
		return nil, err
	}
	return f.As("palette"), nil
}

// places are the pages that one can go to, and the forms that make something.
func (v *visit) places() []Command {
	var all []Command
	for _, g := range v.Nav() {
		for _, i := range g.Items {
			all = append(all, Command{Words: "Go to " + i.Title, Icon: i.Icon, URL: v.At(i.Slug)})
		}
	}
	to := func(words, icon string, at ...string) Command {
		return Command{Words: words, Icon: icon, URL: v.At(at...)}
	}
	return append(all, to("Mint users…", "plus", "users/mint"), to("Mint a token…", "plus", "tokens/mint"), to("Expire a token…", "sand", "tokens", "?state=live"),
		to("Revoke tokens by user or client…", "ban", "tokens/revoke"), to("Pre-authorise a consent…", "plus", "consents/new"),
		to("Register a client…", "plus", "clients/new"), to("New service account…", "plus", "clients/service"), to("Arm a fault…", "fault", "faults/new"))
}

// levers are the actions that need nothing more to be said.
func (v *visit) levers() []Command {
	jump := func(words, by string) Command {
		return Command{Words: "Jump " + words, Icon: "jump", Op: "moveClock", Fields: []string{"advance", by}}
	}
	edge := func(words, edge string) Command {
		return Command{Words: words + " the next expiry", Icon: "skip", Op: "moveClock", Fields: []string{"to", "next-expiry", "edge", edge}}
	}
	freeze := Command{Words: "Freeze the clock", Icon: "snow", Op: "moveClock", Fields: []string{"freeze", "true"}}
	if v.Read.Frozen {
		freeze = Command{Words: "Let the clock run", Icon: "play", Op: "moveClock", Fields: []string{"freeze", "false"}}
	}
	return []Command{jump("+10 minutes", "10m"), jump("+1 hour", "1h"), jump("+1 day", "1d"), jump("+90 days", "90d"), jump("−1 hour", "-1h"),
		edge("1 second before", "before"), edge("Exactly at", "at"), edge("1 second after", "after"), freeze,
		{Words: "Back to real time", Icon: "clock", Op: "moveClock", Fields: []string{"reset", "true"}},
		{Words: "Undo the last change", Icon: "undo", Op: "undo"},
		{Words: "Disarm all faults", Icon: "fault", Op: "disarmFaults"},
		{Words: "Take a snapshot", Icon: "snap", Op: "takeSnapshot"}}
}

// mostFound is how many of a kind the palette finds, and mostSought among how many of the newest it looks at each key. An older one is
// found by its whole id.
const (
	mostFound  = 5
	mostSought = 10_000
)

// things are users, clients, requests, consents and tokens that have the first word in their names.
func (v *visit) things(words []string) []Command {
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	return append(v.known(words[0]), v.granted(words[0], strings.Fields(v.Query.Get("q"))[0])...)
}

// thing leads to something at a bank, which is found by the bank's id as well.
func (v *visit) thing(icon, bank, text string, at ...string) Command {
	return Command{Words: text + " at " + v.Bank(bank), Also: bank, Icon: icon, URL: v.Item(at[0], at[1:]...)}
}

func (v *visit) known(word string) (all []Command) {
	n := 0
	for _, p := range v.Space.Ledger.People("") {
		if n < mostFound && strings.Contains(strings.ToLower(p.Login+"\n"+p.Name()+"\n"+p.Email), word) {
			all = append(all, v.thing("users", p.Bank, "User "+p.Login+", "+p.Name()+", "+p.Email, "users", p.ID))
			n++
		}
	}
	if id, err := strconv.ParseUint(strings.TrimPrefix(word, "#"), 10, 64); err == nil && word[0] == '#' {
		if e := v.Space.Journal.Entry(id); e != nil {
			all = append(all, v.thing("list", e.Bank, "Request "+word+", "+e.Method+" "+v.Path(e.Target), "inspector", word[1:]))
		}
	}
	n = 0
	for _, c := range v.Space.Grants.Clients("") {
		if n < mostFound && strings.Contains(strings.ToLower(c.ID+" "+c.Name), word) {
			all = append(all, v.thing("client", c.Bank, "Client "+c.ID+", "+c.Name, "clients", c.Bank, c.ID))
			n++
		}
	}
	return all
}

// granted are consents and tokens whose ids begin with a word; whole is that word as it was typed.
func (v *visit) granted(word, whole string) (all []Command) {
	g := v.Space.Grants
	consents := g.FewConsents(mostSought, mostFound, func(c *grant.Consent) bool { return strings.HasPrefix(strings.ToLower(c.ID), word) })
	for _, bank := range v.Banks {
		if c := g.Consent(bank, whole); c != nil && len(consents) == 0 {
			consents = append(consents, c)
		}
	}
	for _, c := range consents {
		all = append(all, v.thing("consent", c.Bank, "Consent "+c.ID+" of "+tail(c.Owner)+" for "+c.Client, "consents", c.ID))
	}
	tokens := g.Few(mostSought, mostFound, func(t *grant.Token) bool { return strings.HasPrefix(t.ID, word) })
	if t := g.Find(whole); t != nil && len(tokens) == 0 && t.ID == whole {
		tokens = append(tokens, t)
	}
	for _, t := range tokens {
		all = append(all, v.thing("token", t.Bank, "Token "+t.ID+" of "+whose(t.Owner, t.Client), "tokens", t.ID))
	}
	return all
}

// enders end the newest tokens that live.
func (v *visit) enders() []Command {
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	var all []Command
	for _, t := range v.Space.Grants.Few(mostSought, mostFound, func(t *grant.Token) bool { return v.Space.Grants.Stands(t, grant.StateLive, v.Now) }) {
		of := t.ID + " of " + whose(t.Owner, t.Client)
		all = append(all, Command{Words: "Expire " + of, Icon: "sand", Op: "expireToken", Params: []string{"id", t.ID}},
			Command{Words: "Revoke " + of, Icon: "ban", Op: "revokeToken", Params: []string{"id", t.ID}})
	}
	return all
}

// whose is the user of a token, or the client that has it for itself.
func whose(user, client string) string {
	if user == "" {
		return client
	}
	return tail(user)
}
