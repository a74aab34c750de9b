package sparebank1

import (
	"crypto/sha256"
	"encoding/hex"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
)

type (
	shapeHello struct {
		Message string `json:"message"`
	}
	shapeUser struct {
		Customer  string `json:"customerNumber"`
		FirstName string `json:"firstName"`
		LastName  string `json:"lastName"`
		Born      string `json:"dateOfbirth"` // sic
		Subject   string `json:"sub"`
		Phone     string `json:"mobilePhoneNumber"`
		Email     string `json:"email"`
	}
	shapePersonalID struct {
		PID string `json:"pid"`
	}
)

// hello answers to any valid token, a client's own too: clients ask it to find out whether theirs still lives.
func hello(c *wire.Call) error {
	b, err := c.Access()
	if err != nil {
		return err
	}
	if err := hourly(c, b); err != nil {
		return err
	}

	return reply(c, 200, shapeHello{"Hello, World!"})
}

func userInfo(c *wire.Call) error {
	p, err := customer(c, "")
	if err != nil {
		return err
	}

	sub := sha256.Sum256([]byte(p.NationalID)) // as the bank's own sub is made
	number := p.Facts["customerNumber"]
	if number == "" {
		number = number11(p.ID)
	}

	return reply(c, 200, shapeUser{Customer: number, FirstName: p.Given, LastName: p.Family, Born: p.Born, Subject: hex.EncodeToString(sub[:]),
		Phone: p.Phone, Email: p.Email})
}

func personalID(c *wire.Call) error {
	p, err := customer(c, "")
	if err != nil {
		return err
	}
	if p.NationalID == "" {
		return c.Trail.No("identity number", fail.New(fail.NotFound, "%s has no national identity number", p.ID))
	}

	return reply(c, 200, shapePersonalID{p.NationalID})
}

// key makes the opaque names under which the bank hides people: twenty letters and digits, the same for good.
func key(parts ...string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	return spell(alphabet, 20, parts)
}

// number11 makes a number of eleven digits in the same way.
func number11(parts ...string) string { return spell("0123456789", 11, parts) }

func spell(alphabet string, n int, parts []string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	sum := h.Sum(nil)
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[int(sum[i])%len(alphabet)]
	}
	return string(out)
}
