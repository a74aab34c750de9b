package finapi

import (
	"encoding/json"
	"strconv"
	"time"

	"sandbank/server/grant"
	"sandbank/server/internal/wire"
)

// money is hundredths; on the wire it is a JSON number, written from the digits.
type money int64

// MarshalJSON implements json.Marshaler.
func (m money) MarshalJSON() ([]byte, error) {
	out := make([]byte, 0, 16)
	n := int64(m)
	if n < 0 {
		out, n = append(out, '-'), -n
	}
	out = strconv.AppendInt(out, n/100, 10)
	return append(out, '.', byte('0'+n%100/10), byte('0'+n%10)), nil
}

// Shapes: names and order of the fields are those of the document and of the spec.
type (
	shapeToken struct {
		Access  string          `json:"access_token"`
		Type    string          `json:"token_type"`
		Refresh string          `json:"refresh_token,omitempty"`
		Expires json.RawMessage `json:"expires_in,omitempty"`
		Scope   string          `json:"scope"`
	}
	shapeUser struct {
		ID         string  `json:"id"`
		Password   string  `json:"password"`
		Email      *string `json:"email"`
		Phone      *string `json:"phone"`
		AutoUpdate bool    `json:"isAutoUpdateEnabled"`
	}
	shapeVerification struct {
		UserID   string `json:"userId"`
		Verified bool   `json:"isUserVerified"`
	}
	shapePasswordChange struct {
		UserID string  `json:"userId"`
		Email  *string `json:"userEmail"`
		Token  string  `json:"passwordChangeToken"`
	}
	paging struct {
		Page       int `json:"page"`
		PerPage    int `json:"perPage"`
		PageCount  int `json:"pageCount"`
		TotalCount int `json:"totalCount"`
	}
	shapeIdentifiers struct {
		Identifiers []int64 `json:"identifiers"`
	}
)

// showToken tells a token. A fresh one of 3600 s says 3599, as the document shows: finAPI counts what is left when it writes the answer,
// which is always a moment after the issue, in whole seconds. 0 means that a token never expires, so a token that ends says at least 1.
func showToken(c *wire.Call, i *grant.Issued) shapeToken {
	seconds := int64(0)
	if left, ends := i.Access.Left(c.Now); ends {
		seconds = max(int64((left-1)/time.Second), 1)
	}
	t := shapeToken{Access: i.Access.Value, Type: wire.TokenType(i.Access, "bearer"), Expires: c.Space.Grants.Tell(i.Access, seconds, true), Scope: "all"}
	if i.Refresh != nil {
		t.Refresh = i.Refresh.Value
	}
	return t
}

// text is null on the wire when there is none.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
