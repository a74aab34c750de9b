package finapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// connectionFact says with an account which bank connection it belongs to. A connection is there as long as it has an account ("When the
// last remaining account of a bank connection gets deleted, then the bank connection itself will get deleted as well").
const connectionFact = "bankConnectionId"

// link is what a connection is beyond its accounts; kept with the user, as a fact.
type link struct {
	Bank      int64   `json:"bank"`
	Name      string  `json:"name,omitempty"`
	Login     string  `json:"login,omitempty"` // banking user id; empty: the demo connection without credentials
	Stored    bool    `json:"stored,omitempty"`
	Interface string  `json:"interface"`
	Days      int64   `json:"days,omitempty"`
	Manual    *update `json:"manual,omitempty"`
	Auto      *update `json:"auto,omitempty"`
}

// update is how an update went.
type update struct {
	At       time.Time `json:"at"`
	Rejected bool      `json:"rejected,omitempty"` // the bank refused the credentials
}

// connection is a link with its accounts.
type connection struct {
	id       int64
	link     link
	accounts []*ledger.Account
}

func linkFact(id int64) string { return "connection." + strconv.FormatInt(id, 10) }

// nightly is when the last automatic batch update ran: at four in the morning.
func nightly(now time.Time) time.Time {
	t := midnight(now).Add(4 * time.Hour)
	if t.After(now) {
		t = midnight(midnight(now).Add(-time.Hour)).Add(4 * time.Hour)
	}
	return t
}

// linkOf reads a connection's fact. Connections of the fixtures have none: they are with the test bank, under the user's own login.
func linkOf(c *wire.Call, p *ledger.Person, id int64) link {
	var l link
	if json.Unmarshal([]byte(p.Facts[linkFact(id)]), &l) != nil || l.Bank == 0 {
		l = link{Bank: directory()[0].id, Login: p.Login, Stored: true, Interface: finTS, Auto: &update{At: nightly(c.Now)}}
	}
	return l
}

// withLink returns facts with a connection's link in them, or without it when l is nil.
func withLink(facts map[string]string, id int64, l *link) map[string]string {
	if l == nil {
		next := maps.Clone(facts)
		delete(next, linkFact(id))
		return next
	}
	text, err := json.Marshal(l)
	if err != nil { // a link is made of texts, numbers and instants
		return facts
	}
	return ledger.WithFact(facts, linkFact(id), string(text))
}

func connectionID(a *ledger.Account) int64 {
	if id := a.Facts[connectionFact]; id != "" {
		return identifier(id)
	}
	return identifier(a.Owner)
}

// connections are the user's, by id.
func connections(c *wire.Call, p *ledger.Person) []connection {
	var out []connection
	for _, a := range c.Space.Ledger.AccountsOf(p.ID) {
		id := connectionID(a)
		i := slices.IndexFunc(out, func(v connection) bool { return v.id == id })
		if i < 0 {
			i, out = len(out), append(out, connection{id: id, link: linkOf(c, p, id)})
		}
		out[i].accounts = append(out[i].accounts, a)
	}
	slices.SortFunc(out, func(a, b connection) int { return int(min(max(a.id-b.id, -1), 1)) })
	return out
}

// oneConnection finds a connection of the user; another user's does not exist.
func oneConnection(c *wire.Call, p *ledger.Person, id int64) (*connection, error) {
	for _, one := range connections(c, p) {
		if one.id == id {
			return &one, nil
		}
	}
	return nil, c.Trail.No("connection known", fail.New(fail.NotFound, "%s has no bank connection %d", p.ID, id).Say("Bank connection not found"))
}

// userConnection admits a user's token and finds the connection of the path.
func userConnection(c *wire.Call) (*ledger.Person, *connection, error) {
	p, err := asUser(c)
	if err != nil {
		return nil, nil, err
	}
	id, err := pathID(c)
	if err != nil {
		return nil, nil, err
	}
	one, err := oneConnection(c, p, id)
	return p, one, err
}

type (
	shapeConnection struct {
		ID                int64                 `json:"id"`
		BankID            int64                 `json:"bankId"`
		Name              *string               `json:"name"`
		UserID            *string               `json:"bankingUserId"`
		CustomerID        *string               `json:"bankingCustomerId"`
		PIN               *string               `json:"bankingPin"`
		Type              string                `json:"type"`
		UpdateStatus      string                `json:"updateStatus"`
		CategoryStatus    string                `json:"categorizationStatus"`
		LastManual        *shapeUpdate          `json:"lastManualUpdate"`
		LastAuto          *shapeUpdate          `json:"lastAutoUpdate"`
		IBANTransfer      bool                  `json:"ibanOnlyMoneyTransferSupported"`
		IBANDebit         bool                  `json:"ibanOnlyDirectDebitSupported"`
		Collective        bool                  `json:"collectiveMoneyTransferSupported"`
		DefaultProcedure  *string               `json:"defaultTwoStepProcedureId"`
		Procedures        []string              `json:"twoStepProcedures"`
		Interfaces        []connectionInterface `json:"interfaces"`
		AccountIDs        []int64               `json:"accountIds"`
		Owners            *[]string             `json:"owners"`
		Bank              shapeBank             `json:"bank"`
		NoFurtherAttempts bool                  `json:"furtherLoginNotRecommended"`
	}
	shapeUpdate struct {
		Result    string  `json:"result"`
		Message   *string `json:"errorMessage"`
		Type      *string `json:"errorType"`
		Timestamp string  `json:"timestamp"`
	}
	connectionInterface struct {
		Interface        string        `json:"interface"`
		Credentials      []storedField `json:"loginCredentials"`
		DefaultProcedure *string       `json:"defaultTwoStepProcedureId"`
		Procedures       []string      `json:"twoStepProcedures"`
		Consent          *struct{}     `json:"aisConsent"`
		LastManual       *shapeUpdate  `json:"lastManualUpdate"`
		LastAuto         *shapeUpdate  `json:"lastAutoUpdate"`
		ActionRequired   bool          `json:"userActionRequired"`
		Days             int64         `json:"maxDaysForDownload"`
	}
	storedField struct {
		Label string  `json:"label"`
		Value *string `json:"value"`
	}
	shapeConnections struct {
		Connections []shapeConnection `json:"connections"`
	}
)

// showLink shows a connection. Imports and updates are over when the call is answered, so a client that polls for READY polls once.
func showLink(c *wire.Call, one *connection) shapeConnection {
	l := one.link
	login, pin := text(l.Login), (*string)(nil)
	if login != nil {
		login = text(hidden) // banking credentials are shown to nobody without a licence for them
	}
	if l.Stored {
		pin = text(hidden)
	}
	kind := "ONLINE"
	if l.Login == "" {
		kind = "DEMO"
	}
	rejected := l.Auto != nil && l.Auto.Rejected
	s := shapeConnection{ID: one.id, BankID: l.Bank, Name: text(l.Name), UserID: login, PIN: pin, Type: kind, UpdateStatus: "READY", CategoryStatus: "READY",
		LastManual: l.Manual.show(), LastAuto: l.Auto.show(), Procedures: []string{}, AccountIDs: []int64{}, NoFurtherAttempts: rejected,
		Interfaces: []connectionInterface{{Interface: l.Interface, Credentials: []storedField{{loginLabel, login}, {pinLabel, pin}}, Procedures: []string{},
			LastManual: l.Manual.show(), LastAuto: l.Auto.show(), ActionRequired: rejected, Days: l.Days}}}
	for _, a := range one.accounts {
		s.AccountIDs = append(s.AccountIDs, identifier(a.ID))
	}
	b := bankByID(l.Bank)
	if b == nil {
		b = &bank{id: l.Bank}
	}
	s.Bank = showDirectory(c, b)
	return s
}

func (u *update) show() *shapeUpdate {
	switch {
	case u == nil:
		return nil
	case u.Rejected:
		return &shapeUpdate{"BANK_SERVER_REJECTION", text("Die Zugangsdaten sind nicht korrekt."), text("BUSINESS"), stamp(u.At)}
	}
	return &shapeUpdate{Result: "OK", Timestamp: stamp(u.At)}
}

func listConnections(c *wire.Call) error {
	p, err := asUser(c)
	if err != nil {
		return err
	}
	q := search(c)
	ids := q.ids("ids")
	if q.err != nil {
		return c.Trail.No("parameters", fail.From(q.err))
	}

	out := shapeConnections{Connections: []shapeConnection{}}
	for _, one := range connections(c, p) {
		if ids == nil || slices.Contains(ids, one.id) {
			out.Connections = append(out.Connections, showLink(c, &one))
		}
	}

	return c.JSON(200, out)
}

func showConnection(c *wire.Call) error {
	_, one, err := userConnection(c)
	if err != nil {
		return err
	}

	return c.JSON(200, showLink(c, one))
}

// editConnection renames. Credentials belong to banks that ask for some; the test banks take whatever was stored.
func editConnection(c *wire.Call) error {
	p, one, err := userConnection(c)
	if err != nil {
		return err
	}
	var in struct {
		Name  *string `json:"name"`
		Login *string `json:"bankingUserId"`
		PIN   *string `json:"bankingPin"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	if in.Name == nil && in.Login == nil && in.PIN == nil {
		return field(c, "name", missingField, "At least one field must be set.", "the body changes nothing")
	}
	if err := checkCredentials(c, in.Login, in.PIN); err != nil {
		return err
	}
	if err := plain(c, "name", in.Name, longestName); err != nil {
		return err
	}

	changed, err := relink(c, p, one.id, func(l *link) {
		if in.Name != nil {
			l.Name = *in.Name
		}
		if in.Login != nil {
			l.Login = *in.Login
		}
		if in.PIN != nil {
			l.Stored = *in.PIN != ""
		}
	})
	if err != nil {
		return err
	}
	one.link = *changed

	return c.JSON(200, showLink(c, one))
}

// relink changes what is kept of a connection. One that was deleted meanwhile does not come back.
func relink(c *wire.Call, p *ledger.Person, id int64, change func(*link)) (*link, error) {
	var l link
	there := true
	_, err := c.Space.Ledger.UpdatePerson(p.ID, func(v *ledger.Person) {
		if there = v.Facts[linkFact(id)] != "" || p.Facts[linkFact(id)] == ""; !there {
			return
		}
		l = linkOf(c, v, id)
		change(&l)
		v.Facts = withLink(v.Facts, id, &l)
	})
	if err != nil || !there {
		return nil, c.Trail.No("connection there", fail.New(fail.NotFound, "connection %d was deleted meanwhile", id).Say("Bank connection not found"))
	}
	return &l, nil
}

// unlink forgets connections that have no account left.
func unlink(c *wire.Call, p *ledger.Person, ids ...int64) {
	c.Space.Ledger.UpdatePerson(p.ID, func(v *ledger.Person) {
		for _, id := range ids {
			v.Facts = withLink(v.Facts, id, nil)
		}
	})
}

func deleteConnection(c *wire.Call) error {
	p, one, err := userConnection(c)
	if err != nil {
		return err
	}

	closed := 0
	for _, a := range one.accounts {
		if c.Space.Ledger.CloseAccount(a.ID) {
			closed++
		}
	}
	if closed == 0 {
		return c.Trail.No("connection there", fail.New(fail.NotFound, "connection %d was deleted meanwhile", one.id).Say("Bank connection not found"))
	}
	unlink(c, p, one.id)

	return c.Empty(200)
}

func deleteConnections(c *wire.Call) error {
	p, err := asUser(c)
	if err != nil {
		return err
	}

	out := shapeIdentifiers{Identifiers: []int64{}}
	for _, one := range connections(c, p) {
		for _, a := range one.accounts {
			c.Space.Ledger.CloseAccount(a.ID)
		}
		out.Identifiers = append(out.Identifiers, one.id)
	}
	unlink(c, p, out.Identifiers...)

	return c.JSON(200, out)
}
