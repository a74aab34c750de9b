package server

import (
	"sandbank/server/grant"
)

// Operation is one route of one bank, as tables show it: the start page, the page of endpoints, the API docs.
type Operation struct {
	Bank   string `json:"bank"`
	Method string `json:"method"`
	Path   string `json:"path"` // native path; under /{bank} it is the same
	Op     string `json:"op"`
	Doc    string `json:"doc"`
	AS     bool   `json:"as,omitempty"`   // the authorization server answers, not the resource server
	Own    bool   `json:"own,omitempty"`  // answers only under /{bank}
	Open   bool   `json:"open,omitempty"` // needs neither client nor token
}

// Operations are the routes of all banks, in the banks' own order.
func (s *Server) Operations() []Operation {
	var out []Operation
	for _, b := range s.mount.banks {
		for _, r := range b.All() {
			out = append(out, Operation{b.Name, r.Method, r.Path, r.Op, r.Doc, r.AS, r.Own, r.Open})
		}
	}
	return out
}

// Quirks are the accidents of the originals that --fidelity brings back, by bank.
func (s *Server) Quirks() map[string][]string {
	out := map[string][]string{}
	for _, b := range s.mount.banks {
		for _, q := range b.Quirks {
			out[b.Name] = append(out[b.Name], q.What)
		}
	}
	return out
}

// KnobInfo is one setting that has an effect at a bank.
type KnobInfo struct{ Bank, Knob, Default, Doc string }

// Knobs are the settings of every bank with their defaults, in the order of the banks and of grant.Specs.
func (s *Server) Knobs() []KnobInfo {
	var out []KnobInfo
	for _, b := range s.mount.banks {
		knobs := b.Profile().Settings()
		for _, spec := range grant.Specs() {
			if v, ok := knobs[spec.Knob]; ok {
				out = append(out, KnobInfo{b.Name, string(spec.Knob), spec.Format(v), spec.Doc})
			}
		}
	}
	return out
}
