package admin

import (
	"fmt"
	"strings"
	"time"

	"sandbank/server/dice"
	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/ledger"
)

// mostUsers is how many people one call may make, lock or delete.
const mostUsers = 1000

// UserChange changes a person; missing fields stay.
type UserChange struct {
	Given      *string         `json:"given,omitempty"`
	Family     *string         `json:"family,omitempty"`
	Email      *string         `json:"email,omitempty"`
	Phone      *string         `json:"phone,omitempty"`
	Address    *ledger.Address `json:"address,omitempty"`
	Born       *string         `json:"born,omitempty"`
	NationalID *string         `json:"nationalId,omitempty"`
	Unverified *bool           `json:"unverified,omitempty"`
}

// LockOrder locks a person out.
type LockOrder struct {
	Revoke bool   `json:"revoke,omitempty"` // end for good what lives, instead of suspending it until somebody unlocks
	Why    string `json:"why,omitempty"`    // of the revocation, a sentence for the journal
}

// UserBatch names several people.
type UserBatch struct {
	IDs []string `json:"ids"` // bank/login, at most 1000
	LockOrder
}

// UsersChanged says what became of people and of what they had allowed.
type UsersChanged struct {
	Users    []UserView `json:"users"`    // as they are now; deleted ones as they were
	Grants   int        `json:"grants"`   // that ended
	Tokens   int        `json:"tokens"`   // of those, that were live
	Consents int        `json:"consents"` // that ended
}

// PasswordOrder sets a password.
type PasswordOrder struct {
	Password *string `json:"password,omitempty"` // "": any is right; missing: one is dealt
	Revoke   bool    `json:"revoke,omitempty"`   // end what lives
}

// PasswordSet is a new password, in clear.
type PasswordSet struct {
	Password string `json:"password"` // "": any is right
	UsersChanged
}

// EditUser changes what a person is called and where it is reached. No token ends by that.
func (d *Desk) EditUser(id string, o UserChange) (*UserView, error) {
	var out UserView
	err := d.Space.Change("user.edit", "edited user "+brief(id), func() error {
		p, err := d.person(id)
		if err != nil {
			return err
		}
		next := *p
		if err := o.apply(&next); err != nil {
			return err
		}
		if p, err = d.Space.Ledger.UpdatePerson(id, func(v *ledger.Person) { *v = next }); err != nil {
			return err
		}
		out = d.view(p, false)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// apply changes what the order names, after checking it.
func (o *UserChange) apply(p *ledger.Person) error {
	for _, one := range []struct {
		field string
		value *string
		to    *string
		most  int
	}{{"given", o.Given, &p.Given, 100}, {"family", o.Family, &p.Family, 100}, {"email", o.Email, &p.Email, 320}, {"phone", o.Phone, &p.Phone, 50},
		{"born", o.Born, &p.Born, 10}, {"nationalId", o.NationalID, &p.NationalID, 30}} {
		if one.value == nil {
			continue
		}
		if err := readable(one.field, *one.value, one.most); err != nil {
			return err
		}
		*one.to = strings.TrimSpace(*one.value)
	}
	if err := born(p.Born); err != nil {
		return err
	}
	if (o.Given != nil || o.Family != nil) && p.Name() == "" {
		return fail.Field("given", "a person needs a name: given, family or both")
	}
	if o.Address != nil {
		a := *o.Address
		for field, text := range map[string]string{"street": a.Street, "postcode": a.Postcode, "city": a.City, "country": a.Country, "line": a.Line} {
			if err := readable("address."+field, text, 200); err != nil {
				return err
			}
		}
		p.Address = a
	}
	if o.Unverified != nil {
		p.Unverified = *o.Unverified
	}
	return nil
}

// batch finds all of several people, or refuses the first that is not there.
func (d *Desk) batch(ids []string) ([]*ledger.Person, error) {
	if len(ids) == 0 || len(ids) > mostUsers {
		return nil, fail.Field("ids", "%d ids were given; 1 to %d are taken", len(ids), mostUsers)
	}
	out := []*ledger.Person{}
	for _, id := range inOrder(ids) {
		p := d.Space.Ledger.Person(id)
		if p == nil {
			return nil, fail.Field("ids", "there is no user %s; an id is bank/login", clipped(id))
		}
		out = append(out, p)
	}
	return out, nil
}

// onUsers does one thing to several people: all, or none.
func (d *Desk) onUsers(verb, what string, ids []string, f func(people []*ledger.Person, now time.Time, out *UsersChanged) error) (*UsersChanged, error) {
	out := &UsersChanged{Users: []UserView{}}
	who := fmt.Sprintf("%d users", len(ids))
	if len(ids) == 1 {
		who = "user " + brief(ids[0])
	}
	err := d.Space.Change("user."+verb, what+" "+who, func() error {
		people, err := d.batch(ids)
		if err != nil {
			return err
		}
		for _, p := range people {
			out.Users = append(out.Users, d.userView(p, &has{}, false))
		}
		if err := f(people, d.Space.Clock.Now(), out); err != nil {
			return err
		}
		have := d.having(people)
		for i, p := range people {
			if p = d.Space.Ledger.Person(p.ID); p != nil {
				out.Users[i] = d.userView(p, have[p.ID], false)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// each changes the records of several people.
func (d *Desk) each(people []*ledger.Person, change func(*ledger.Person)) error {
	for _, p := range people {
		if _, err := d.Space.Ledger.UpdatePerson(p.ID, change); err != nil {
			return err
		}
	}
	return nil
}

// one is onUsers for the person of a path, who is not found instead of refused.
func one(out *UsersChanged, err error) (*UsersChanged, error) {
	if err == nil {
		return out, nil
	}
	if e := fail.From(err); e.Param == "ids" {
		return nil, fail.New(fail.NotFound, "%s", e.Why)
	}
	return nil, err
}

// end revokes all that people have allowed, and counts it.
func (d *Desk) end(people []*ledger.Person, why string, now time.Time, out *UsersChanged) {
	theirs := ids(people)
	out.Grants, out.Tokens = d.Space.Grants.RevokeAll(func(of *grant.Grant) bool { return theirs[of.Owner] }, "admin", why, now)
}

func ids(people []*ledger.Person) map[string]bool {
	out := make(map[string]bool, len(people))
	for _, p := range people {
		out[p.ID] = true
	}
	return out
}

// LockUser locks one person.
func (d *Desk) LockUser(id string, o LockOrder) (*UsersChanged, error) {
	return one(d.LockUsers(UserBatch{[]string{id}, o}))
}

// LockUsers keeps people from logging in, and refuses their tokens and refreshes for as long as they are locked.
func (d *Desk) LockUsers(o UserBatch) (*UsersChanged, error) {
	why, err := Reason{o.Why}.or("the user was locked by a lever")
	if err != nil {
		return nil, err
	}
	if o.Why != "" && !o.Revoke {
		return nil, fail.Field("why", "why goes with revoke")
	}
	return d.onUsers("lock", "locked", o.IDs, func(people []*ledger.Person, now time.Time, out *UsersChanged) error {
		if o.Revoke {
			d.end(people, why, now, out)
		}
		return d.each(people, func(v *ledger.Person) { v.Locked = true })
	})
}

// UnlockUser unlocks one person.
func (d *Desk) UnlockUser(id string) (*UsersChanged, error) {
	return one(d.UnlockUsers(UserBatch{IDs: []string{id}}))
}

// UnlockUsers lets people in again. What was not revoked lives again.
func (d *Desk) UnlockUsers(o UserBatch) (*UsersChanged, error) {
	if o.LockOrder != (LockOrder{}) {
		return nil, fail.Field("revoke", "revoke and why go with lock")
	}
	return d.onUsers("unlock", "unlocked", o.IDs, func(people []*ledger.Person, _ time.Time, _ *UsersChanged) error {
		return d.each(people, func(v *ledger.Person) { v.Locked, v.Failures = false, 0 })
	})
}

// SetPassword gives a person a new password. A lock stays.
func (d *Desk) SetPassword(id string, o PasswordOrder) (*PasswordSet, error) {
	var fresh string
	if o.Password != nil {
		fresh = *o.Password
		if err := readable("password", fresh, 128); err != nil {
			return nil, err
		}
	}
	changed, err := one(d.onUsers("password", "set the password of", []string{id}, func(people []*ledger.Person, now time.Time, out *UsersChanged) error {
		if o.Revoke {
			d.end(people, "the user's password was changed by a lever", now, out)
		}
		if o.Password == nil {
			fresh = d.Space.Dice.Text(dice.Alnum, 12)
		}
		return d.each(people, func(v *ledger.Person) { v.Password, v.Failures = fresh, 0 })
	}))
	if err != nil {
		return nil, err
	}
	return &PasswordSet{Password: fresh, UsersChanged: *changed}, nil
}

// DeleteUser deletes one person.
func (d *Desk) DeleteUser(id string) error {
	_, err := one(d.DeleteUsers(UserBatch{IDs: []string{id}}))
	return err
}

// DeleteUsers removes people with their accounts, money and policy levels. What they had allowed is revoked, so that whoever takes a login
// next starts with nothing.
func (d *Desk) DeleteUsers(o UserBatch) (*UsersChanged, error) {
	if o.LockOrder != (LockOrder{}) {
		return nil, fail.Field("revoke", "all that deleted users had allowed ends; revoke and why go with lock")
	}
	return d.onUsers("delete", "deleted", o.IDs, func(people []*ledger.Person, now time.Time, out *UsersChanged) error {
		const why = "the user was deleted by a lever"
		d.end(people, why, now, out)
		g, theirs := d.Space.Grants, ids(people)
		for _, c := range g.Consents(func(c *grant.Consent) bool { return theirs[c.Owner] }) {
			if g.EndConsent(c.ID, grant.RevokedByPSU, "admin", why, now) {
				out.Consents++
			}
		}
		for _, p := range people {
			g.Policy.Clear(grant.Level{Bank: p.Bank, User: p.ID})
			d.Space.Ledger.RemovePerson(p.ID)
		}
		return nil
	})
}
