package console

import (
	"fmt"
	"slices"
	"strconv"

	"sandbank/server/fault"
	"sandbank/server/grant"
)

// page is a screen, as data: its path below /admin, its title, the entry of the navigation that it belongs to, and what it shows.
type page struct {
	path  string // with {names}
	Title string
	Nav   string                    // slug of the entry; its own path when empty
	name  string                    // of its template
	build func(*visit) (any, error) // what the template shows: a struct with the visit as its field V, or the visit alone
}

// pages are all screens. Fixed paths come before those with {names}.
func pages() []page {
	return slices.Concat(
		[]page{{path: "", Title: "Dashboard", name: "dashboard", build: dashboard}},
		inspectorPages(), labPages(),
		userPages(), tokenPages(), consentPages(), clientPages(),
		clockPages(), policyPages(), faultPages(), scenarioPages(), reportPages(),
		spacePages(), snapshotPages(), activityPages(), settingPages(), docPages(),
		[]page{{path: "palette", Title: "Search or run", Nav: "palette", name: "palette", build: func(v *visit) (any, error) { return v, nil }},
			{path: "find", Title: "Search", Nav: "palette", name: "palette", build: find}},
	)
}

// Group is a part of the navigation.
type Group struct {
	Name  string
	Items []Item
}

// Item is an entry of the navigation.
type Item struct {
	Slug, Title, Icon, Count, Key string
	Current                       bool
}

// Nav is the navigation, with counts of what there is.
func (v *visit) Nav() []Group {
	if v.nav == nil {
		v.nav = v.navigation()
	}
	return v.nav
}

func (v *visit) navigation() []Group {
	groups := []Group{
		{"Now", []Item{{Slug: "", Title: "Dashboard", Icon: "dash", Key: "d"}, {Slug: "inspector", Title: "Inspector", Icon: "list", Key: "i"}}},
		{"Who", []Item{{Slug: "users", Title: "Users", Icon: "users", Key: "u"}, {Slug: "clients", Title: "Clients", Icon: "client", Key: "c"}}},
		{"Grants", []Item{{Slug: "consents", Title: "Consents", Icon: "consent", Key: "o"}, {Slug: "tokens", Title: "Tokens", Icon: "token", Key: "t"}}},
		{"Levers", []Item{{Slug: "clock", Title: "Clock", Icon: "clock", Key: "k"}, {Slug: "policies", Title: "Expiry policies", Icon: "policy", Key: "p"},
			{Slug: "faults", Title: "Faults", Icon: "fault", Key: "f"}, {Slug: "scenarios", Title: "Scenarios", Icon: "scenario", Key: "s"}}},
		{"Learn", []Item{{Slug: "lab", Title: "Flow lab", Icon: "flow", Key: "l"}, {Slug: "docs", Title: "API docs", Icon: "docs"}}},
		{"Keep", []Item{{Slug: "spaces", Title: "Spaces", Icon: "spaces"}, {Slug: "snapshots", Title: "Snapshots", Icon: "snap"},
			{Slug: "activity", Title: "Activity", Icon: "activity"}, {Slug: "settings", Title: "Settings", Icon: "settings"}}},
	}
	counts, current := v.counts(), v.Page.Nav
	if current == "" {
		current = v.Page.path
	}
	for g := range groups {
		groups[g].Items = slices.DeleteFunc(groups[g].Items, func(i Item) bool {
			return !slices.ContainsFunc(v.console.pages, func(p page) bool { return p.path == i.Slug })
		})
		for i := range groups[g].Items {
			item := &groups[g].Items[i]
			item.Count, item.Current = counts[item.Slug], item.Slug == current
		}
	}
	return slices.DeleteFunc(groups, func(g Group) bool { return len(g.Items) == 0 })
}

// counts are the figures beside the entries.
func (v *visit) counts() map[string]string {
	met, all := v.Desk.Coverage()
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	users, clients := 0, 0
	for _, bank := range v.Banks {
		users += len(v.Space.Ledger.People(bank))
		clients += len(v.Space.Grants.Clients(bank))
	}
	g := v.Space.Grants
	held := g.Holding()
	live := g.Few(mostCounted, mostCounted, func(t *grant.Token) bool { return g.Stands(t, grant.StateLive, v.Now) })
	valid := g.FewConsents(mostCounted, mostCounted, func(c *grant.Consent) bool { return g.ConsentStatus(c, v.Now) == grant.Valid })
	return map[string]string{"users": figure(users), "clients": figure(clients), "faults": figure(v.armed()),
		"scenarios": fmt.Sprintf("%d/%d", met, all), "spaces": figure(len(v.World.Spaces())),
		"consents": atLeast(len(valid), held.Consents), "tokens": atLeast(len(live), held.Tokens)}
}

// mostCounted is how many tokens, and how many consents, are looked at to count the live ones, the newest first.
const mostCounted = 1000

// atLeast is a count of some of those that there are, with a plus where not all were looked at.
func atLeast(n, all int) string {
	if all > mostCounted {
		return strconv.Itoa(n) + "+"
	}
	return figure(n)
}

// figure is a count; none at all is nothing to show.
func figure(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// Armed is how many faults are armed.
func (v *visit) Armed() int {
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	return v.armed()
}

func (v *visit) armed() (n int) {
	for _, l := range v.Space.Faults.List(v.Now) {
		if l.State == fault.Armed {
			n++
		}
	}
	return n
}

// Speed says how fast the clock runs, and how far from real time it is.
func (v *visit) Speed() string {
	if v.Read.Frozen {
		return "frozen"
	}
	return "×" + strconv.FormatFloat(v.Read.Speed, 'f', -1, 64)
}

// Delta is how far the clock is from real time, in words; empty when it is not.
func (v *visit) Delta() string {
	d := v.Read.Offset
	if d.Abs().Seconds() < 1 {
		return ""
	}
	if d < 0 {
		return "−" + remaining(-d)
	}
	return "+" + remaining(d)
}

// moved sends the browser to another page.
type moved struct{ to string }

func (m moved) Error() string { return "moved to " + m.to }
