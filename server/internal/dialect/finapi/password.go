package finapi

import (
	"maps"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

type passwordBody struct {
	UserID   *string `json:"userId"`
	Password *string `json:"password"`
	Token    *string `json:"passwordChangeToken"`
}

// read checks what both steps share: the body, the client, the user.
func (in *passwordBody) read(c *wire.Call) (*ledger.Person, error) {
	client, err := asClient(c)
	if err != nil {
		return nil, err
	}
	if err := body(c, in); err != nil {
		return nil, err
	}
	if in.UserID == nil {
		return nil, field(c, "userId", missingField, "The field 'userId' is missing.", "userId is missing")
	}
	if err := checkID(c, "userId", *in.UserID); err != nil {
		return nil, err
	}
	return userOf(c, client, *in.UserID)
}

// requestPassword deals a token with which the client may set a new password. The real service encrypts token and email with the client's
// data decryption key; a sandbox client has none, so both come in clear, and the token goes back as it came. A new one replaces the last.
func requestPassword(c *wire.Call) error {
	var in passwordBody
	p, err := in.read(c)
	if err != nil {
		return err
	}
	if p.Unverified {
		return c.Trail.No("verified", fail.New(fail.Conflict, "%s is not verified", p.ID).Coded(notVerified).Say("The user is not verified."))
	}
	token := c.Space.Dice.UUID()

	next, err := c.Space.Ledger.UpdatePerson(p.ID, func(v *ledger.Person) { v.Facts = ledger.WithFact(v.Facts, changeTo, token) })
	if err != nil {
		return c.Trail.No("user there", fail.From(err).Say("User not found"))
	}

	c.NoStore()
	return c.JSON(200, shapePasswordChange{userID(next), text(next.Email), token})
}

// executePassword sets the password with a token that works once, unlocks the user, and ends all tokens, "for whatever client".
func executePassword(c *wire.Call) error {
	var in passwordBody
	p, err := in.read(c)
	if err != nil {
		return err
	}
	if in.Password == nil || in.Token == nil {
		return field(c, "password", missingField, "The fields 'password' and 'passwordChangeToken' are required.", "password or passwordChangeToken is missing")
	}
	if err := checkPassword(c, *in.Password); err != nil {
		return err
	}

	spent := false
	_, err = c.Space.Ledger.UpdatePerson(p.ID, func(v *ledger.Person) {
		have := v.Facts[changeTo]
		if spent = have != "" && grant.Same(have, *in.Token); !spent {
			return
		}
		v.Facts = maps.Clone(v.Facts)
		delete(v.Facts, changeTo)
		v.Password, v.Failures, v.Locked = *in.Password, 0, false
	})
	if err != nil {
		return c.Trail.No("user there", fail.From(err).Say("User not found"))
	}
	if !spent {
		return field(c, "passwordChangeToken", badToken, "The password change token is invalid.", "the password change token of %s is another one, or was used", p.ID)
	}
	c.Space.Grants.RevokeOwner(p.ID, "", "bank", "the password was changed", c.Now)
	c.Trail.Pass("password changed", p.ID)

	return c.Empty(200)
}
