package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sandbank/admin"
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
		text := strings.ToLower(c.Words)
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

// mostFound is how many of a kind the palette finds.
const mostFound = 5

// things are users, clients, consents and tokens that have the first word in their names.
func (v *visit) things(words []string) []Command {
	var all []Command
	add := func(icon, text string, at ...string) {
		all = append(all, Command{Words: text, Icon: icon, URL: v.Item(at[0], at[1:]...)})
	}
	if users, err := v.Desk.Users(admin.UserFilter{Text: words[0]}, admin.Window{Limit: mostFound}); err == nil {
		for _, u := range users.Items {
			add("users", "User "+u.Login+", "+u.Name+" at "+u.Bank+", "+u.Email, "users", u.ID)
		}
	}
	if n, err := strconv.ParseUint(strings.TrimPrefix(words[0], "#"), 10, 64); err == nil && words[0][0] == '#' {
		if e := v.Space.Journal.Entry(n); e != nil {
			add("list", "Request "+words[0]+", "+e.Method+" "+v.Path(e.Target), "inspector", words[0][1:])
		}
	}
	clients, err := v.Desk.Clients("")
	for n := 0; err == nil && n < mostFound && len(clients) > 0; clients = clients[1:] {
		if c := clients[0]; strings.Contains(strings.ToLower(c.ID+" "+c.Name), words[0]) {
			add("client", "Client "+c.ID+", "+c.Name+" at "+c.Bank, "clients", c.Bank, c.ID)
			n++
		}
	}
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	for _, c := range v.Space.Grants.NewestConsents(0, mostFound, func(c *grant.Consent) bool { return strings.HasPrefix(strings.ToLower(c.ID), words[0]) }) {
		add("consent", "Consent "+c.ID+" of "+tail(c.Owner)+" for "+c.Client+" at "+c.Bank, "consents", c.ID)
	}
	for _, t := range v.Space.Grants.Newest(0, mostFound, func(t *grant.Token) bool { return strings.HasPrefix(t.ID, words[0]) }) {
		add("token", "Token "+t.ID+" of "+whose(t.Owner, t.Client)+" at "+t.Bank, "tokens", t.ID)
	}
	return all
}

// enders end the newest tokens that live.
func (v *visit) enders() []Command {
	live, err := v.Desk.Tokens(admin.TokenFilter{State: grant.StateLive}, admin.Window{Limit: mostFound})
	if err != nil {
		return nil
	}
	var all []Command
	for _, t := range live.Items {
		of := t.ID + " of " + whose(t.User, t.Client)
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
