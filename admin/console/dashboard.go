package console

import (
	"html/template"
	"strings"
	"time"

	"sandbank/admin"
	"sandbank/server/grant"
	"sandbank/server/journal"
)

// Dashboard is what one wants to know first: is it alive, what ends next, what was refused and why.
type Dashboard struct {
	V        *visit
	Live     int // tokens
	Valid    int // consents
	NextEnd  time.Duration
	Minute   int // requests in the last minute of the space's clock
	Looked   int // at most 200: the newest requests
	Share    int // per cent of them that were refused
	Requests uint64
	Expiring []Ending
	Refusals []admin.EntryRow
	Tempo    template.HTML // requests per minute
	Losses   template.HTML // refusals per minute
	Chart    *Tempo
	Ways     []Way
	Report   *ReportCard // of the client that called most; nil while nobody called
}

// Way is a bank with how its life of access tokens is set.
type Way struct {
	Bank, Access, Source string
	First                string // an operation to begin with
}

// minutes is how far the small charts look back.
const minutes = 15

func dashboard(v *visit) (any, error) {
	look := v.Desk.Clock()
	d := &Dashboard{V: v, Expiring: v.endings(look.Next[:min(len(look.Next), 6)])}
	d.Refusals = v.Desk.Entries(admin.EntryQuery{Filter: journal.Filter{Refused: true}, Limit: 6}).Items
	d.traffic()
	d.grants()
	card := &ReportCard{V: v}
	if err := card.read(); err != nil {
		return nil, err
	}
	if len(card.Cards) > 0 {
		card.Card = &card.Cards[0]
		d.Report = card
	}
	policy, err := v.Desk.Policies(admin.PolicyLevel{})
	if err != nil {
		return nil, err
	}
	for _, b := range policy.Banks {
		w := Way{Bank: b.Bank}
		for _, k := range b.Knobs {
			if k.Knob == string(grant.AccessTTL) || k.Knob == string(grant.ClientTTL) && w.Access == "" {
				w.Access, w.Source = worded(k, k.Value), k.Source
			}
		}
		for _, o := range v.Operations {
			if o.Bank == b.Bank && w.First == "" {
				w.First = o.Path
			}
		}
		d.Ways = append(d.Ways, w)
	}
	return d, nil
}

// Ending is what expires next, with the life that it is the end of.
type Ending struct {
	admin.Expiry
	Life *admin.Duration
}

// endings adds to each end how long the life before it was.
func (v *visit) endings(all []admin.Expiry) []Ending {
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	out := make([]Ending, len(all))
	for i, e := range all {
		var life admin.Duration
		if t := v.Space.Grants.Find(e.ID); t != nil {
			life = admin.Duration(t.Life)
		} else if c := v.Space.Grants.Consent(e.Bank, e.ID); c != nil {
			life = admin.Duration(c.Until.Sub(c.Created))
		}
		out[i] = Ending{e, &life}
	}
	return out
}

// traffic counts requests by the minute of the space's clock.
func (d *Dashboard) traffic() {
	all := d.V.Desk.Entries(admin.EntryQuery{Limit: 1000})
	var tempo, losses [minutes]int
	d.Requests = all.Total
	refused := 0
	for i, e := range all.Items {
		if i < 200 && e.Kind != "" {
			refused++
		}
		age := d.V.Now.Sub(e.At)
		if age < time.Minute && age >= 0 {
			d.Minute++
		}
		if m := int(age / time.Minute); age >= 0 && m < minutes {
			tempo[minutes-1-m]++
			if e.Kind != "" {
				losses[minutes-1-m]++
			}
		}
	}
	if d.Looked = min(len(all.Items), 200); d.Looked > 0 {
		d.Share = (refused*100 + d.Looked/2) / d.Looked
	}
	d.Tempo, d.Losses = sparks(tempo[:], "k-edge"), sparks(losses[:], "k-bad")
}

// grants counts what lives, and charts what began and ended in the last hour.
func (d *Dashboard) grants() {
	s := d.V.Space
	s.Gate.RLock()
	defer s.Gate.RUnlock()
	var soonest time.Time
	s.Grants.Living(d.V.Now, func(*grant.Token) { d.Live++ })
	for _, c := range s.Grants.Consents(func(c *grant.Consent) bool { return s.Grants.ConsentStatus(c, d.V.Now) == grant.Valid }) {
		d.Valid++
		if soonest.IsZero() || c.Until.Before(soonest) {
			soonest = c.Until
		}
	}
	if !soonest.IsZero() {
		d.NextEnd = soonest.Sub(d.V.Now)
	}
	d.Chart = newTempo(d.V.Now)
	for _, t := range s.Grants.Newest(0, 2000, func(*grant.Token) bool { return true }) {
		d.Chart.issued(t.Issued)
		state := s.Grants.State(t, d.V.Now)
		switch state.Name {
		case grant.StateExpired:
			d.Chart.expired(t.Expires)
		case grant.StateRevoked:
			d.Chart.revoked(state.Since)
		}
	}
}

// markers are the activities worth a line in a chart: what moved the clock, and what armed a fault.
func (d *Dashboard) Markers() []Marker {
	var out []Marker
	for _, a := range d.V.Space.Activities(100) {
		if strings.HasPrefix(a.Verb, "clock") || strings.HasPrefix(a.Verb, "fault") {
			if x, ok := d.Chart.x(a.At); ok {
				out = append(out, Marker{x, a.What, a.At})
			}
		}
	}
	return out
}

// NextText is how long what expires first still lives.
func (d *Dashboard) NextText() string { return remaining(time.Duration(d.Expiring[0].In)) }

// NextEndText is how long the consent that ends first still stands.
func (d *Dashboard) NextEndText() string { return remaining(d.NextEnd) }

// Path is a request's target without its query, which may be long.
func (v *visit) Path(target string) string {
	path, _, _ := strings.Cut(target, "?")
	return path
}
