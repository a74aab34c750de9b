package finapi

import (
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// Facts of a user.
const (
	shownID    = "id"                  // as the client spelt it; the login is lower-case
	autoUpdate = "isAutoUpdateEnabled" // "true", or not there
	registered = "registrationDate"
	changeTo   = "passwordChangeToken"
)

const (
	longestUser  = 36
	longestEmail = 320
	longestPhone = 50
	shortest     = 6 // of a password
	longest      = 128
	hidden       = "XXXXX"
)

// asUser admits a user's token. A client's own is 403: the role is wrong, not the token.
func asUser(c *wire.Call) (*ledger.Person, error) {
	b, err := c.Access()
	if err != nil {
		return nil, err
	}
	if b.Token.Owner == "" {
		return nil, c.Trail.No("a user's token", fail.New(fail.Forbidden, "%s is the client's own token; this needs a user's", b.Token.ID))
	}
	p := c.Space.Ledger.Person(b.Token.Owner)
	if p == nil || p.Locked {
		return nil, c.Trail.No("user there", fail.New(fail.TokenRevoked, "%s is gone or locked", b.Token.Owner))
	}
	return p, nil
}

// asClient admits a client's own token. A user's is 403.
func asClient(c *wire.Call) (*grant.Client, error) {
	b, err := c.Access()
	if err != nil {
		return nil, err
	}
	if b.Token.Owner != "" {
		return nil, c.Trail.No("the client's token", fail.New(fail.Forbidden, "%s is a token of %s; this needs the client's own", b.Token.ID, b.Token.Owner))
	}
	return c.Client, nil
}

func showPerson(p *ledger.Person, password string) shapeUser {
	return shapeUser{ID: userID(p), Password: password, Email: text(p.Email), Phone: text(p.Phone), AutoUpdate: p.Facts[autoUpdate] == "true"}
}

// userID is the id as it was given.
func userID(p *ledger.Person) string {
	if id := p.Facts[shownID]; id != "" {
		return id
	}
	return p.Login
}

// userBody is UserCreateParams and, but for id and password, UserUpdateParams.
type userBody struct {
	ID         *string `json:"id"`
	Password   *string `json:"password"`
	Email      *string `json:"email"`
	Phone      *string `json:"phone"`
	AutoUpdate *bool   `json:"isAutoUpdateEnabled"`
}

// createUser is step 2 of the document. Nothing is required; what is left out is random. Only here the password is told in plain text.
func createUser(c *wire.Call) error {
	client, err := asClient(c)
	if err != nil {
		return err
	}
	var in userBody
	if err := body(c, &in); err != nil {
		return err
	}
	if err := checkUser(c, &in); err != nil {
		return err
	}
	p := newUser(c, client, &in)

	if err := c.Space.Ledger.AddPerson(p); err != nil {
		return c.Trail.No("id free", fail.From(err).Coded(entityExists).Say("A user with this identifier already exists.").At("id"))
	}

	c.Trail.Pass("user created", p.ID)
	return c.JSON(201, showPerson(&p, p.Password))
}

func newUser(c *wire.Call, client *grant.Client, in *userBody) ledger.Person {
	given := func(s *string, otherwise func() string) string {
		if s == nil {
			return otherwise()
		}
		return *s
	}
	nothing := func() string { return "" }
	id := given(in.ID, c.Space.Dice.UUID)
	p := ledger.Person{Bank: name, Login: strings.ToLower(id), Password: given(in.Password, c.Space.Dice.UUID), Email: given(in.Email, nothing),
		Phone: given(in.Phone, nothing), Client: client.ID, Unverified: client.Facts[autoVerify] == "false",
		Facts: map[string]string{shownID: id, registered: c.Now.Format(time.RFC3339)}}
	p.ID = ledger.PersonID(name, p.Login)
	if in.AutoUpdate != nil && *in.AutoUpdate {
		p.Facts[autoUpdate] = "true"
	}
	return p
}

func checkUser(c *wire.Call, in *userBody) error {
	if in.ID != nil {
		if err := checkID(c, "id", *in.ID); err != nil {
			return err
		}
	}
	if in.Password != nil {
		if err := checkPassword(c, *in.Password); err != nil {
			return err
		}
	}
	if err := plain(c, "email", in.Email, longestEmail); err != nil {
		return err
	}
	return plain(c, "phone", in.Phone, longestPhone)
}

// checkID is the pattern [a-zA-Z0-9\-_\.\+@]* of the spec, at most 36 symbols. An empty id is refused: it could never be asked for again.
func checkID(c *wire.Call, param, id string) error {
	if id != "" && len(id) <= longestUser && strings.IndexFunc(id, func(r rune) bool { return !userRune(r) }) < 0 {
		return nil
	}
	return field(c, param, badRequest, "The field '"+param+"' must have 1 to 36 characters out of 0-9, A-Z, a-z, -, _, ., + and @.",
		"%s has %d bytes or a character outside the pattern", param, len(id))
}

func userRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.+@", r)
}

func checkPassword(c *wire.Call, password string) error {
	if n := len([]rune(password)); n < shortest || n > longest {
		return field(c, "password", badRequest, "The field 'password' must have 6 to 128 characters.", "password has %d characters", n)
	}
	return nil
}

func showUser(c *wire.Call) error {
	p, err := asUser(c)
	if err != nil {
		return err
	}

	return c.JSON(200, showPerson(p, hidden))
}

func editUser(c *wire.Call) error {
	p, err := asUser(c)
	if err != nil {
		return err
	}
	var in userBody
	if err := body(c, &in); err != nil {
		return err
	}
	in.ID, in.Password = nil, nil // not among UserUpdateParams, and unknown fields are skipped
	if in.Email == nil && in.Phone == nil && in.AutoUpdate == nil {
		return field(c, "email", missingField, "At least one field must have a non-null value.", "the body changes nothing")
	}
	if err := checkUser(c, &in); err != nil {
		return err
	}

	next, err := c.Space.Ledger.UpdatePerson(p.ID, func(v *ledger.Person) {
		if in.Email != nil {
			v.Email = *in.Email
		}
		if in.Phone != nil {
			v.Phone = *in.Phone
		}
		if in.AutoUpdate != nil {
			v.Facts = ledger.WithFact(v.Facts, autoUpdate, map[bool]string{true: "true"}[*in.AutoUpdate])
		}
	})
	if err != nil {
		return gone(c, p)
	}

	return c.JSON(200, showPerson(next, hidden))
}

// gone refuses a call whose user was deleted by another one meanwhile: the token has died with it.
func gone(c *wire.Call, p *ledger.Person) error {
	return c.Trail.No("user there", fail.New(fail.TokenRevoked, "%s was deleted meanwhile", p.ID))
}

// deleteUser ends the tokens before the user goes, and takes the knobs turned for the user back, so that whoever takes the id next starts
// with none.
func deleteUser(c *wire.Call) error {
	p, err := asUser(c)
	if err != nil {
		return err
	}

	if !remove(c, p) {
		return gone(c, p)
	}

	return c.Empty(200)
}

func remove(c *wire.Call, p *ledger.Person) bool {
	c.Space.Grants.RevokeOwner(p.ID, "", "user", "the user was deleted", c.Now)
	c.Space.Grants.Policy.Clear(grant.Level{Bank: name, User: p.ID})
	return c.Space.Ledger.RemovePerson(p.ID)
}

// dropUser is for users that were never verified; the others delete themselves.
func dropUser(c *wire.Call) error {
	p, err := clientsUser(c)
	if err != nil {
		return err
	}
	if !p.Unverified {
		return c.Trail.No("unverified", fail.New(fail.Conflict, "%s is verified", p.ID).Coded(isVerified).Say("The user is already verified."))
	}

	if !remove(c, p) {
		return c.Trail.No("user there", fail.New(fail.NotFound, "%s was deleted meanwhile", p.ID).Say("User not found"))
	}

	return c.Empty(200)
}

// clientsUser admits a client's token and finds one of its users by the path.
func clientsUser(c *wire.Call) (*ledger.Person, error) {
	client, err := asClient(c)
	if err != nil {
		return nil, err
	}
	return userOf(c, client, c.Param("userId"))
}

func userOf(c *wire.Call, client *grant.Client, id string) (*ledger.Person, error) {
	p := find(c, client, id)
	if p == nil {
		return nil, c.Trail.No("user known", fail.New(fail.NotFound, "client %s has no user %q", client.ID, id).Say("User not found"))
	}
	return p, nil
}

func verification(c *wire.Call) error {
	client, err := asClient(c)
	if err != nil {
		return err
	}
	q := search(c)
	id := q.one("userId")
	if q.err != nil {
		return c.Trail.No("parameters", fail.From(q.err))
	}
	if id == "" {
		return field(c, "userId", missingField, "The parameter 'userId' is missing.", "userId is missing")
	}
	p, err := userOf(c, client, id)
	if err != nil {
		return err
	}

	return c.JSON(200, shapeVerification{userID(p), !p.Unverified})
}

// verifyUser has one winner: the second caller hears that it is done.
func verifyUser(c *wire.Call) error {
	p, err := clientsUser(c)
	if err != nil {
		return err
	}

	first := false
	_, err = c.Space.Ledger.UpdatePerson(p.ID, func(v *ledger.Person) { first, v.Unverified = v.Unverified, false })
	if err != nil {
		return c.Trail.No("user there", fail.From(err).Say("User not found"))
	}
	if !first {
		return c.Trail.No("unverified", fail.New(fail.Conflict, "%s is verified", p.ID).Coded(isVerified).Say("The user is already verified."))
	}

	return c.Empty(200)
}
