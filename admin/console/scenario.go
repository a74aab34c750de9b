package console

import (
	"net/url"
	"slices"
	"strings"

	"sandbank/admin"
	"sandbank/server/scenario"
)

func scenarioPages() []page {
	return []page{
		{path: "scenarios", Title: "Scenarios", Nav: "scenarios", name: "scenarios", build: scenarios},
		{path: "scenarios/{id}", Title: "Scenario", Nav: "scenarios", name: "scenarios", build: scenarios},
	}
}

// Scenarios is the catalogue by group, with one case opened when the path names it.
type Scenarios struct {
	V      *visit
	List   *admin.ScenarioList
	Groups []ScenarioGroup
	F      admin.ScenarioFilter
	Armed  int
	Open   *OpenScenario
}

// ScenarioGroup is a chapter with those of its cases that are shown.
type ScenarioGroup struct {
	scenario.Group
	Cases []admin.ScenarioView
}

// OpenScenario is a case with what it can be narrowed to.
type OpenScenario struct {
	V *visit
	admin.ScenarioView
	Clients []string // of the banks at which the case can be shown, as options
	Users   []string
}

func scenarios(v *visit) (any, error) {
	s := &Scenarios{V: v, F: admin.ScenarioFilter{Group: v.Query.Get("group"), Bank: v.Query.Get("bank"), State: v.Query.Get("state")}}
	var err error
	if s.List, err = v.Desk.Scenarios(s.F); err != nil {
		return nil, err
	}
	if id := v.Param("id"); id != "" {
		one, err := v.Desk.Scenario(id)
		if err != nil {
			return nil, err
		}
		s.Open = &OpenScenario{V: v, ScenarioView: *one}
		s.Open.narrow()
		if !slices.ContainsFunc(s.List.Items, func(c admin.ScenarioView) bool { return c.ID == one.ID }) {
			s.List.Items = append(s.List.Items, *one) // the filter would hide it, but the address names it
		}
	}
	s.Armed = v.armedCases()
	for _, g := range s.List.Groups {
		group := ScenarioGroup{Group: g}
		for _, c := range s.List.Items {
			if c.Group == g {
				group.Cases = append(group.Cases, c)
			}
		}
		if len(group.Cases) > 0 {
			s.Groups = append(s.Groups, group)
		}
	}
	return s, nil
}

// armedCases is how many are armed, whatever the filter.
func (v *visit) armedCases() int {
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	return len(v.Space.Scenarios.All())
}

// mostOffered is how many people a form offers; any other can be typed.
const mostOffered = 30

// narrow finds the clients and people to which the case can be narrowed.
func (o *OpenScenario) narrow() {
	o.V.Space.Gate.RLock()
	defer o.V.Space.Gate.RUnlock()
	o.Clients = []string{"=any client"}
	seen := map[string]bool{}
	for _, bank := range o.Banks() {
		for _, c := range o.V.Space.Grants.Clients(bank) {
			if c.Service == nil {
				o.Clients = append(o.Clients, c.ID+"="+c.Name+", "+bank)
			}
		}
		for _, p := range o.V.Space.Ledger.People(bank) {
			if len(o.Users) == mostOffered {
				break
			}
			if !seen[p.Login] {
				seen[p.Login] = true
				o.Users = append(o.Users, p.Login)
			}
		}
	}
}

// Banks are those at which the case can be shown.
func (o *OpenScenario) Banks() []string { return o.ScenarioView.Banks }

// Places are the options of the bank: the first fits unless the client or the user is elsewhere.
func (o *OpenScenario) Places() []string {
	return append([]string{"=the first that fits: " + o.V.Bank(o.Banks()[0])}, o.V.Named(o.Banks())...)
}

// Ways are the options of the variant, as text.
func (o *OpenScenario) Ways() (out []string) {
	for _, v := range o.Variants {
		out = append(out, v.Name+"="+v.Name)
	}
	return out
}

// Watch is the inspector with the requests that the case is about.
func (o *OpenScenario) Watch() string {
	_, query, _ := strings.Cut(o.Journal, "?")
	if query == "" {
		return o.V.At("inspector")
	}
	return o.V.At("inspector", "?"+query)
}

// HeaderScript is a command that brings the case on one request alone.
func (o *OpenScenario) HeaderScript() string {
	return "curl -H " + quoted(scenario.Header+": "+o.ID) + " " + quoted(o.V.Origin()+o.V.Root+"/"+o.Banks()[0]+"/…")
}

// Ref is where a reference leads: a section of an RFC, or an issue of a public repository. Empty: nowhere for sure.
func (o *OpenScenario) Ref(ref string) string {
	if rest, ok := strings.CutPrefix(ref, "RFC "); ok {
		number, section, _ := strings.Cut(rest, " §")
		to := "https://www.rfc-editor.org/rfc/rfc" + url.PathEscape(number)
		if section != "" {
			to += "#section-" + url.QueryEscape(section)
		}
		return to
	}
	if repository, number, ok := strings.Cut(ref, "#"); ok && strings.Count(repository, "/") == 1 {
		return "https://github.com/" + repository + "/issues/" + number
	}
	return ""
}

// Case is the address of a case, which keeps the filter; of none, when the id is empty. {id} stands for the one that an action is about.
func (s *Scenarios) Case(id string) string {
	query := url.Values{}
	for _, name := range []string{"group", "bank", "state"} {
		if value := s.V.Query.Get(name); value != "" {
			query.Set(name, value)
		}
	}
	to := s.V.At("scenarios")
	if id != "" {
		to += "/" + id
	}
	if len(query) > 0 {
		to += "?" + query.Encode()
	}
	if id != "" {
		to += "#s-" + id
	}
	return to
}
