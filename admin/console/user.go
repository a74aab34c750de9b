package console

import (
	"fmt"
	"net/url"
	"strings"

	"sandbank/admin"
	"sandbank/server/ledger"
)

func userPages() []page {
	just := func(v *visit) (any, error) { return v, nil }
	return []page{
		{path: "users", Title: "Users", Nav: "users", name: "users", build: users},
		{path: "users/mint", Title: "Mint users", Nav: "users", name: "mint-user", build: mintUser},
		{path: "users/import", Title: "Import users", Nav: "users", name: "import-users", build: just},
		{path: "users/bulk", Title: "Several users", Nav: "users", name: "bulk-users", build: bulkUsers},
		{path: "users/{id}", Title: "User", Nav: "users", build: userByID},
		{path: "users/{bank}/{login}", Title: "User", Nav: "users", name: "user", build: user},
	}
}

// Users is the list of people.
type Users struct {
	V      *visit
	List   *admin.UserList
	Filter string // what the search line says
	State  string
	Bank   string
	New    string     // logins that have just been minted: the list is theirs
	Mint   *MintUser  // beside the list, where the address asks for it
	Doors  doors      // by bank
	Keys   []UserKeys // what the new ones type
}

// UserKeys are what new people at one bank type there.
type UserKeys struct {
	admin.SignInView
	Lines string // login and password, one person a line
}

// doors are how one gets in, by bank.
type doors map[string]admin.SignInView

func (v *visit) doors() doors {
	out := doors{}
	for _, s := range v.Desk.UserChoices().SignIn {
		out[s.Bank] = s
	}
	return out
}

// Door is the login page for a person of the list.
func (u *Users) Door(p admin.UserView) string { return u.V.loginPage(u.Doors[p.Bank], p.Login) }

// loginPage is where a browser begins, with the name typed in already: a path with the demo client's parameters. Elsewhere the first
// request is a program's, and there is none. The answer comes back to the lab where the client allows that: nobody else may be listening.
func (v *visit) loginPage(s admin.SignInView, login string) string {
	u, err := url.Parse(s.First)
	if err != nil || len(s.Fields) == 0 || u.RawQuery == "" {
		return ""
	}
	q, lab := u.Query(), v.Origin()+v.At("lab", "back")
	v.Space.Gate.RLock()
	defer v.Space.Gate.RUnlock()
	if c := v.Space.Grants.Client(s.Bank, q.Get("client_id")); c != nil && c.RedirectOK(lab) {
		q.Set("redirect_uri", lab)
	}
	u.RawQuery = q.Encode()
	return hinted(u.String(), login)
}

// hinted is a bank's login page with a name typed in already: its password is all that is missing.
func hinted(page, login string) string {
	if page == "" || login == "" {
		return page
	}
	return page + "&login_hint=" + url.QueryEscape(login)
}

func users(v *visit) (any, error) {
	q := v.Query
	u := &Users{V: v, Filter: q.Get("q"), State: q.Get("state"), Bank: q.Get("bank"), New: q.Get("new"), Doors: v.doors()}
	f := admin.UserFilter{Bank: u.Bank, State: u.State, Client: q.Get("client"), Logins: u.New, Reveal: u.New != ""}
	words, named, err := userWords(u.Filter)
	if err != nil {
		return nil, err
	}
	if err := searched(named, map[string]*string{"bank": &f.Bank, "user": &f.Text, "state": &f.State, "client": &f.Client}, ""); err != nil {
		return nil, err
	}
	f.Text = strings.TrimSpace(f.Text + " " + words)
	if bank, login, ok := strings.Cut(f.Text, "/"); ok && f.Bank == "" {
		f.Bank, f.Text = bank, login // an id
	}
	if u.List, err = v.Desk.Users(f, admin.Window{Limit: 50, Cursor: q.Get("cursor")}); err != nil {
		return nil, err
	}
	if u.New != "" && u.List.Total == 0 {
		return nil, moved{v.Here("new", "")} // they have been taken back
	}
	u.keys()
	if q.Get("mint") != "" {
		u.Mint = v.mintForm()
		u.Mint.Beside = true
	}
	return u, nil
}

// userWords parts a search line: words that are part of a name, which may have blanks, and filters with a name.
func userWords(line string) (words, named string, err error) {
	var bare, filters []string
	for word := range strings.FieldsSeq(line) {
		if strings.Contains(word, ":") {
			filters = append(filters, word)
		} else {
			bare = append(bare, word)
		}
	}
	return strings.Join(bare, " "), strings.Join(filters, " "), nil
}

// keys are the credentials of new people, bank by bank, to be copied.
func (u *Users) keys() {
	if u.New == "" {
		return
	}
	at := map[string]int{}
	for _, p := range u.List.Items {
		i, ok := at[p.Bank]
		if !ok {
			i = len(u.Keys)
			at[p.Bank] = i
			u.Keys = append(u.Keys, UserKeys{SignInView: u.Doors[p.Bank]})
		}
		password := "any password"
		if p.Password != "" {
			password = p.Password
		}
		u.Keys[i].Lines += p.Login + "  " + password + "\n"
	}
	for i := range u.Keys {
		u.Keys[i].Lines = strings.TrimSuffix(u.Keys[i].Lines, "\n")
	}
}

// userByID leads from an id as "berlin/dave", which other pages have, to its page.
func userByID(v *visit) (any, error) {
	bank, login, ok := strings.Cut(v.Param("id"), "/")
	if !ok {
		return nil, moved{v.At("users", "?q="+bank)}
	}
	return nil, moved{v.Item("users", bank, login)}
}

// BulkUsers asks before something is done to several people.
type BulkUsers struct {
	V        *visit
	Op, Verb string
	IDs      []string
	Examples []admin.UserView
}

func bulkUsers(v *visit) (any, error) {
	b := &BulkUsers{V: v, Op: "lockUsers", Verb: "Lock", IDs: v.Query["ids"]}
	switch v.Query.Get("op") {
	case "unlock":
		b.Op, b.Verb = "unlockUsers", "Unlock"
	case "delete":
		b.Op, b.Verb = "deleteUsers", "Delete"
	}
	for _, id := range b.IDs[:min(5, len(b.IDs))] {
		u, err := v.Desk.User(id, false)
		if err != nil {
			return nil, err
		}
		b.Examples = append(b.Examples, u.UserView)
	}
	return b, nil
}

// Lines are the ids, one to a line, as one field that stands for a list.
func (b *BulkUsers) Lines() string { return strings.Join(b.IDs, "\n") }

// money is an amount as people read it: 10,187.91 JPY.
func money(m admin.Money, currency string) string {
	text := m.String()
	digits, negative := strings.CutPrefix(text, "-")
	whole, cents, _ := strings.Cut(digits, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if negative {
		whole = "−" + whole
	}
	return strings.TrimSpace(fmt.Sprintf("%s.%s %s", whole, cents, currency))
}

// accountStates say which operations lead out of a state of an account.
var accountStates = map[ledger.Status][][2]string{
	ledger.Enabled: {{"blockAccount", "Block"}, {"closeAccount", "Close"}},
	ledger.Blocked: {{"unblockAccount", "Unblock"}, {"closeAccount", "Close"}},
	ledger.Closed:  {{"reopenAccount", "Reopen"}},
}
