package console

import (
	"slices"

	"sandbank/admin"
	"sandbank/server/journal"
	"sandbank/server/ledger"
)

// UserPage is one person, a tab at a time.
type UserPage struct {
	V        *visit
	One      *admin.UserDetail
	Tab      string
	Door     string // the bank's login page
	Open     *admin.MovementList
	Consents *admin.ConsentList
	Tokens   *admin.TokenList
	Log      []admin.EntryRow
}

// UserTab is a part of a person's page.
type UserTab struct {
	Slug, Title string
	Count       int
}

func user(v *visit) (any, error) {
	id := ledger.PersonID(v.Param("bank"), v.Param("login"))
	one, err := v.Desk.User(id, v.Query.Get("reveal") == "true")
	if err != nil {
		return nil, err
	}
	u := &UserPage{V: v, One: one, Tab: "profile", Door: v.loginPage(one.SignIn, one.Login)}
	if t := v.Query.Get("tab"); slices.ContainsFunc(u.Tabs(), func(tab UserTab) bool { return tab.Slug == t }) {
		u.Tab = t
	}
	switch u.Tab {
	case "accounts":
		if account := v.Query.Get("account"); slices.ContainsFunc(one.Holds, func(a admin.AccountView) bool { return a.ID == account }) {
			u.Open, err = v.Desk.Movements(account, admin.Window{Limit: 20, Cursor: v.Query.Get("cursor")})
		}
	case "consents":
		u.Consents, err = v.Desk.Consents(admin.ConsentFilter{Bank: one.Bank, User: id}, admin.Window{Limit: 50, Cursor: v.Query.Get("cursor")})
	case "tokens":
		u.Tokens, err = v.Desk.Tokens(admin.TokenFilter{Bank: one.Bank, User: id}, admin.Window{Limit: 50, Cursor: v.Query.Get("cursor")})
	case "log":
		u.Log = v.Desk.Entries(admin.EntryQuery{Filter: journal.Filter{User: id}, Limit: 50}).Items
	}
	return u, err
}

// Tabs are the parts of the page, with how many things each has.
func (u *UserPage) Tabs() []UserTab {
	return []UserTab{{"profile", "Profile", 0}, {"accounts", "Accounts", u.One.Accounts}, {"consents", "Consents", u.One.UserView.Consents},
		{"tokens", "Tokens", u.One.UserView.Tokens}, {"log", "Log", 0}, {"danger", "Danger", 0}}
}

// Address is the person's, which may be missing.
func (u *UserPage) Address() ledger.Address {
	if u.One.Address == nil {
		return ledger.Address{}
	}
	return *u.One.Address
}

// Ways are the operations that an account's state leaves open, with their words.
func (u *UserPage) Ways(a admin.AccountView) [][2]string { return accountStates[a.Status] }
