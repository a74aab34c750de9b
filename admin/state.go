package admin

import (
	"sandbank/server/fault"
	"sandbank/server/world"
)

// StateView is how much a space holds, so that nobody wonders where memory went, or an old token.
type StateView struct {
	Tokens    Kept  `json:"tokens"` // codes too; dropped counts consents with them
	Consents  Kept  `json:"consents"`
	Grants    Kept  `json:"grants"` // go with their last token
	Clients   Kept  `json:"clients"`
	People    Kept  `json:"people"`
	Accounts  Kept  `json:"accounts"`
	Logins    Kept  `json:"logins"` // under way, or just over; dropped counts sessions with them
	Sessions  Kept  `json:"sessions"`
	Pushed    Kept  `json:"pushed"`  // authorization requests that clients pushed ahead
	Devices   Kept  `json:"devices"` // that wait for their user, or did lately
	Counts    Kept  `json:"counts"`  // of calls, for limits of frequency and use
	Journal   Kept  `json:"journal"`
	Faults    Kept  `json:"faults"`
	Snapshots Kept  `json:"snapshots"`
	Spaces    *Kept `json:"spaces,omitempty"` // dropped: those that were idle; in the main space only
}

// Kept is one kind of thing: how many there are, how many there can be, and how many went to keep it so.
type Kept struct {
	Kept    int64 `json:"kept"`
	Most    int64 `json:"most,omitempty"` // missing: as many as somebody makes by a lever, or as belong to the rest
	Dropped int64 `json:"dropped,omitempty"`
}

func stateEndpoints() []endpoint {
	return []endpoint{{method: "GET", path: "/state", op: "state", doc: "how much the space holds, how much it can, and what was dropped to keep it so", out: StateView{},
		do: func(r *request) (any, error) { return r.State(), nil }}}
}

// State counts what the space holds.
func (d *Desk) State() StateView {
	s := d.Space
	s.Gate.RLock()
	defer s.Gate.RUnlock()
	g, j := s.Grants.Holding(), s.Journal
	people := s.Ledger.People("")
	v := StateView{
		Tokens:   Kept{int64(g.Tokens), int64(g.MostTokens), g.Dropped},
		Consents: Kept{Kept: int64(g.Consents), Most: int64(g.MostConsents)},
		Grants:   Kept{Kept: int64(g.Grants)}, Clients: Kept{Kept: int64(g.Clients)}, People: Kept{Kept: int64(len(people))}, Counts: Kept{Kept: int64(g.Counts)},
		Logins:   Kept{int64(g.Pages), int64(g.MostPages), g.Shed},
		Sessions: Kept{Kept: int64(g.Sessions), Most: int64(g.MostSessions)},
		Pushed:   Kept{Kept: int64(g.Pushed), Most: int64(g.MostPages)}, Devices: Kept{Kept: int64(g.Devices), Most: int64(g.MostPages)},
		Journal: Kept{int64(len(j.Recent(j.Most(), nil))), int64(j.Most()), int64(j.Dropped())},
		Faults:  Kept{Kept: int64(len(s.Faults.List(s.Clock.Now()))), Most: fault.MaxArmed + fault.MaxSpent}, Snapshots: Kept{Kept: int64(len(s.Snapshots())), Most: world.MaxSnapshots},
	}
	for _, p := range people {
		v.Accounts.Kept += int64(len(s.Ledger.AccountsOf(p.ID)))
	}
	if s.Name == world.Main {
		v.Spaces = &Kept{int64(len(d.World.Spaces())), world.MaxSpaces, d.World.Dropped()}
	}
	return v
}
