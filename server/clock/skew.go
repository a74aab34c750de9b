package clock

import (
	"fmt"
	"time"
)

// MaxSkew bounds how far one server's clock goes from the others', either way.
const MaxSkew = 366 * Day

// Skew is how far the clocks of a bank's servers are from the one clock of the space: a plus runs ahead. The zero value is none.
type Skew struct {
	AuthorizationServer Offset   `json:"authorizationServer"`
	ResourceServer      Offset   `json:"resourceServer"`
	Date                DateSkew `json:"date"`
}

// Servers are the instants that the authorization and the resource server show when the space shows now.
func (s Skew) Servers(now time.Time) (as, rs time.Time) {
	return now.Add(time.Duration(s.AuthorizationServer)), now.Add(time.Duration(s.ResourceServer))
}

// Check refuses what is beyond MaxSkew; field is the one at fault.
func (s Skew) Check() (field string, err error) {
	for _, one := range []struct {
		field string
		by    time.Duration
	}{{"authorizationServer", time.Duration(s.AuthorizationServer)}, {"resourceServer", time.Duration(s.ResourceServer)}, {"date", s.Date.By}} {
		if one.by > MaxSkew || one.by < -MaxSkew {
			return one.field, fmt.Errorf("%s is more than %s", FormatDuration(one.by), FormatDuration(MaxSkew))
		}
	}
	return "", nil
}

// Of is how far one of the servers is from the clock of the space, as text: "as" the authorization server, "rs" the resource server,
// "date" the Date header. Empty: there is no such server.
func (s Skew) Of(server string) string {
	switch server {
	case "as":
		return FormatDuration(time.Duration(s.AuthorizationServer))
	case "rs":
		return FormatDuration(time.Duration(s.ResourceServer))
	case "date":
		return s.Date.String()
	}
	return ""
}

// With is the same with one of the servers, named as in Of, set to what a text says.
func (s Skew) With(server, text string) (Skew, error) {
	var err error
	switch server {
	case "as":
		err = s.AuthorizationServer.UnmarshalText([]byte(text))
	case "rs":
		err = s.ResourceServer.UnmarshalText([]byte(text))
	case "date":
		err = s.Date.UnmarshalText([]byte(text))
	default:
		err = fmt.Errorf("%q is none of as, rs, date", server)
	}
	if err == nil {
		_, err = s.Check()
	}
	return s, err
}

// Offset is a length of time as people write it: "-45s".
type Offset time.Duration

// MarshalText writes what UnmarshalText reads.
func (o Offset) MarshalText() ([]byte, error) { return []byte(FormatDuration(time.Duration(o))), nil }

// UnmarshalText reads what ParseDuration reads.
func (o *Offset) UnmarshalText(text []byte) error {
	d, err := ParseDuration(string(text))
	*o = Offset(d)
	return err
}

// DateSkew is what the Date header tells. The zero value follows: it tells the clock of the server that answers.
type DateSkew struct {
	Off   bool          // there is no Date header
	Apart bool          // it tells the space's clock, shifted by By, whatever the servers' own say
	By    time.Duration // with Apart
}

// ParseDateSkew reads "follows", "off", or by how much the header is shifted: "300s", "0s".
func ParseDateSkew(text string) (DateSkew, error) {
	switch text {
	case "follows":
		return DateSkew{}, nil
	case "off":
		return DateSkew{Off: true}, nil
	}
	by, err := ParseDuration(text)
	if err != nil {
		return DateSkew{}, fmt.Errorf("%q is none of follows, off, and a duration as 300s", text)
	}
	return DateSkew{Apart: true, By: by}, nil
}

// String writes what ParseDateSkew reads.
func (s DateSkew) String() string {
	switch {
	case s.Off:
		return "off"
	case s.Apart:
		return FormatDuration(s.By)
	}
	return "follows"
}

// MarshalText writes what UnmarshalText reads.
func (s DateSkew) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseDateSkew reads.
func (s *DateSkew) UnmarshalText(text []byte) (err error) {
	*s, err = ParseDateSkew(string(text))
	return err
}
