package admin

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/ledger"
)

// UserView is a person at one bank. What it has is counted as it lives now.
type UserView struct {
	ID         string          `json:"id"` // bank/login, as in the path
	Bank       string          `json:"bank"`
	Login      string          `json:"login"`
	Name       string          `json:"name"`
	Given      string          `json:"given"`
	Family     string          `json:"family"`
	Password   string          `json:"password,omitempty"` // masked unless it was asked for; missing: any is right
	Email      string          `json:"email,omitempty"`
	Phone      string          `json:"phone,omitempty"`
	Address    *ledger.Address `json:"address,omitempty"`
	Born       string          `json:"born,omitempty"`
	NationalID string          `json:"nationalId,omitempty"`
	Client     string          `json:"client,omitempty"` // whose user it is, at banks where clients have users
	Locked     bool            `json:"locked"`
	Unverified bool            `json:"unverified"`
	Failures   int             `json:"failures"` // wrong passwords since the last good one
	Accounts   int             `json:"accounts"`
	Tokens     int             `json:"tokens"`   // live
	Consents   int             `json:"consents"` // valid
}

// UserList is a part of a list of users, by id.
type UserList = List[UserView]

// UserFilter says which users are asked for; empty fields ask for all.
type UserFilter struct {
	Bank   string
	Text   string // part of login, name or email, whatever the case
	Client string // the client that they belong to
	State  string // locked, unverified, active
	Logins string // these alone, as an order that minted them told: p001:p030,zoe
	Reveal bool   // show passwords
}

// UserDetail is one person with accounts, and how to get in.
type UserDetail struct {
	UserView
	Holds  []AccountView `json:"holds"`
	SignIn SignInView    `json:"signIn"`
}

// SignInView is what a person types at the bank.
type SignInView struct {
	Bank     string        `json:"bank"`
	First    string        `json:"first"`              // path where its flow begins, for the demo client
	Fields   []SignInField `json:"fields"`             // in this order
	Note     string        `json:"note,omitempty"`     // what else there is to do
	Services []string      `json:"services,omitempty"` // clients whose service account acts for the person
}

// SignInField is one thing to type.
type SignInField struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	Note  string `json:"note,omitempty"`
}

const oneUser = "/users/{bank}/{login}"

func userEndpoints() []endpoint {
	reveal := parameter{"reveal", "true: show passwords"}
	return []endpoint{
		{method: "GET", path: "/users", op: "users", doc: "people of the banks, by id", out: UserList{},
			query: listQuery(parameter{"bank", "of this bank"}, parameter{"q", "part of login, name or email"}, parameter{"client", "users of this client"},
				parameter{"state", "locked, unverified or active"}, parameter{"logins", "these alone, as p001:p030,zoe"}, reveal),
			do: func(r *request) (any, error) {
				w, err := r.window()
				if err != nil {
					return nil, err
				}
				show, err := r.reveal()
				if err != nil {
					return nil, err
				}
				q := r.query
				return r.Users(UserFilter{Bank: q.Get("bank"), Text: q.Get("q"), Client: q.Get("client"), State: q.Get("state"), Logins: q.Get("logins"), Reveal: show}, w)
			}},
		{method: "GET", path: "/users/choices", op: "userChoices", doc: "what people can be made of: personas, countries, currencies by bank", out: UserChoices{},
			do: func(r *request) (any, error) { return r.UserChoices(), nil }},
		{method: "POST", path: "/users", op: "mintUsers", doc: "new people with accounts and a past, one or many, or with dry what they would have", in: UserOrder{}, out: UsersMinted{}, status: 201,
			do: order(func(r *request, o UserOrder) (any, error) { return r.MintUsers(o) })},
		{method: "POST", path: "/users/import", op: "importUsers", doc: "people from a fixture file (bank, people), or from a text/csv with a header of bank, login, given, family, email, password, persona, country",
			query: []parameter{{"dry", "true: say only what they would have"}, {"format", "json or csv; missing: as the Content-Type says"}}, in: map[string]any{}, out: UsersMinted{}, status: 201, do: importUsers},
		{method: "POST", path: "/users/lock", op: "lockUsers", doc: "lock several", in: UserBatch{}, out: UsersChanged{},
			do: order(func(r *request, o UserBatch) (any, error) { return r.LockUsers(o) })},
		{method: "POST", path: "/users/unlock", op: "unlockUsers", doc: "unlock several", in: UserBatch{}, out: UsersChanged{},
			do: order(func(r *request, o UserBatch) (any, error) { return r.UnlockUsers(o) })},
		{method: "POST", path: "/users/delete", op: "deleteUsers", doc: "delete several", in: UserBatch{}, out: UsersChanged{},
			do: order(func(r *request, o UserBatch) (any, error) { return r.DeleteUsers(o) })},
		{method: "GET", path: oneUser, op: "user", doc: "one person, with accounts and what to type at the bank", query: []parameter{reveal}, out: UserDetail{},
			do: func(r *request) (any, error) {
				show, err := r.reveal()
				if err != nil {
					return nil, err
				}
				return r.User(r.user(), show)
			}},
		{method: "PATCH", path: oneUser, op: "editUser", doc: "change what is named; tokens live on", in: UserChange{}, out: UserView{},
			do: order(func(r *request, o UserChange) (any, error) { return r.EditUser(r.user(), o) })},
		{method: "DELETE", path: oneUser, op: "deleteUser", doc: "remove a person with accounts and money; tokens and consents end, the policy level goes",
			do: func(r *request) (any, error) { return nil, r.DeleteUser(r.user()) }},
		{method: "POST", path: oneUser + "/lock", op: "lockUser", doc: "no login and no token until unlocked; revoke ends for good what lives", in: LockOrder{}, out: UsersChanged{},
			do: order(func(r *request, o LockOrder) (any, error) { return r.LockUser(r.user(), o) })},
		{method: "POST", path: oneUser + "/unlock", op: "unlockUser", doc: "let in again, failed sign-ins forgotten", out: UsersChanged{},
			do: func(r *request) (any, error) { return r.UnlockUser(r.user()) }},
		{method: "POST", path: oneUser + "/password", op: "setPassword", doc: "a new password; revoke ends what lives, as a bank may do then", in: PasswordOrder{}, out: PasswordSet{},
			do: order(func(r *request, o PasswordOrder) (any, error) { return r.SetPassword(r.user(), o) })},
	}
}

// user is the id of the person in the path.
func (r *request) user() string { return ledger.PersonID(r.params["bank"], r.params["login"]) }

// Users are those that a filter lets through, by id.
func (d *Desk) Users(f UserFilter, w Window) (*UserList, error) {
	after, size, err := w.names()
	if err != nil {
		return nil, err
	}
	if err := oneOf("bank", f.Bank, d.Banks...); err != nil {
		return nil, err
	}
	if err := oneOf("state", f.State, "locked", "unverified", "active"); err != nil {
		return nil, err
	}
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	out, these := &UserList{Items: []UserView{}}, readLogins(f.Logins)
	var page []*ledger.Person
	for _, p := range d.Space.Ledger.People(f.Bank) {
		if !f.lets(p) || these != nil && !these.has(p.Login) {
			continue
		}
		out.Total++
		if p.ID > after && len(page) <= size {
			page = append(page, p)
		}
	}
	if len(page) > size {
		page = page[:size]
		out.Next = nameCursor(page[size-1].ID)
	}
	have := d.having(page)
	for _, p := range page {
		out.Items = append(out.Items, d.userView(p, have[p.ID], f.Reveal))
	}
	return out, nil
}

func (f *UserFilter) lets(p *ledger.Person) bool {
	switch {
	case f.Client != "" && p.Client != f.Client,
		f.State == "locked" && !p.Locked, f.State == "unverified" && !p.Unverified, f.State == "active" && (p.Locked || p.Unverified):
		return false
	case f.Text == "":
		return true
	}
	return strings.Contains(strings.ToLower(p.Login+"\n"+p.Name()+"\n"+p.Email), strings.ToLower(f.Text))
}

// has is what a person has that lives.
type has struct{ tokens, consents int }

// having counts for several people at once, in one pass over tokens and one over consents.
func (d *Desk) having(people []*ledger.Person) map[string]*has {
	out := make(map[string]*has, len(people))
	for _, p := range people {
		out[p.ID] = &has{}
	}
	if len(people) == 0 {
		return out
	}
	g, now := d.Space.Grants, d.Space.Clock.Now()
	g.Living(now, func(t *grant.Token) {
		if of := out[t.Owner]; of != nil {
			of.tokens++
		}
	})
	g.NewestConsents(0, 1, func(c *grant.Consent) bool {
		if of := out[c.Owner]; of != nil && g.ConsentStatus(c, now) == grant.Valid {
			of.consents++
		}
		return false
	})
	return out
}

func (d *Desk) userView(p *ledger.Person, of *has, reveal bool) UserView {
	v := UserView{ID: p.ID, Bank: p.Bank, Login: p.Login, Name: p.Name(), Given: p.Given, Family: p.Family, Password: p.Password, Email: p.Email,
		Phone: p.Phone, Born: p.Born, NationalID: p.NationalID, Client: p.Client, Locked: p.Locked, Unverified: p.Unverified, Failures: p.Failures,
		Accounts: len(d.Space.Ledger.AccountsOf(p.ID)), Tokens: of.tokens, Consents: of.consents}
	if p.Address != (ledger.Address{}) {
		v.Address = &p.Address
	}
	if !reveal && p.Password != "" {
		v.Password = "…"
	}
	return v
}

// person finds a person by id.
func (d *Desk) person(id string) (*ledger.Person, error) {
	if p := d.Space.Ledger.Person(id); p != nil {
		return p, nil
	}
	return nil, fail.New(fail.NotFound, "there is no user %s; an id is bank/login", clipped(id))
}

func (d *Desk) view(p *ledger.Person, reveal bool) UserView {
	return d.userView(p, d.having([]*ledger.Person{p})[p.ID], reveal)
}

// User is one person.
func (d *Desk) User(id string, reveal bool) (*UserDetail, error) {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	p, err := d.person(id)
	if err != nil {
		return nil, err
	}
	out := &UserDetail{UserView: d.view(p, reveal), Holds: []AccountView{}, SignIn: d.signIn(p.Bank, p, reveal)}
	now := d.Space.Clock.Now()
	for _, a := range d.Space.Ledger.AccountsOf(p.ID) {
		out.Holds = append(out.Holds, d.accountView(a, now))
	}
	for _, c := range d.Space.Grants.Clients(p.Bank) {
		if c.Service != nil && c.Service.Owner == p.ID {
			out.SignIn.Services = append(out.SignIn.Services, c.ID)
		}
	}
	return out, nil
}

// signIn is what a person types at a bank; for nobody in particular, with {login} and the like left to be filled in.
func (d *Desk) signIn(bank string, p *ledger.Person, reveal bool) SignInView {
	door := d.World.Door(bank)
	fill := strings.NewReplacer
	words := []string{}
	if p != nil {
		password := "any"
		switch {
		case p.Password != "" && reveal:
			password = p.Password
		case p.Password != "":
			password = "…"
		}
		words = []string{"{login}", p.Login, "{password}", password, "{nationalId}", p.NationalID}
	}
	with := fill(words...)
	v := SignInView{Bank: bank, First: d.Root + door.First, Fields: []SignInField{}, Note: door.Note}
	for _, f := range door.Fields {
		v.Fields = append(v.Fields, SignInField{f.Name, with.Replace(f.Value), with.Replace(f.Note)})
	}
	return v
}

// inOrder are ids without repeats, sorted.
func inOrder(ids []string) []string {
	out := slices.Clone(ids)
	slices.SortFunc(out, cmp.Compare[string])
	return slices.Compact(out)
}

// born checks a date of birth.
func born(text string) error {
	if _, err := time.Parse(time.DateOnly, text); text != "" && err != nil {
		return fail.Field("born", "%s is no date; write 1984-05-17", clipped(text))
	}
	return nil
}
