package wire

import (
	"net/url"
	"slices"
	"strings"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

// maxResources is how many resources one request may name.
const maxResources = 16

// resources reads the resource indicators of a request (RFC 8707 §2): the parameter may be repeated, and each is the bank's base URL as
// the caller used it, or a URL below that. Anything else is InvalidTarget. Without the parameter there are none.
func (c *Call) resources(v *Values) ([]string, error) {
	asked := slices.DeleteFunc(slices.Clone(v.All("resource")), func(uri string) bool { return uri == "" })
	if len(asked) > maxResources {
		return nil, c.Trail.No("resource", fail.New(fail.InvalidTarget, "%d resources are asked for; %d are taken", len(asked), maxResources))
	}
	var out []string
	for _, uri := range asked {
		if _, ok := c.native(uri); !ok {
			return nil, c.Trail.No("resource", fail.New(fail.InvalidTarget, "%q is no absolute URI without fragment at or below %s", uri, c.Issuer()).
				Say("The resource must be the bank's base URL or a URL below it, without a fragment.").At("resource"))
		}
		if !slices.Contains(out, uri) {
			out = append(out, uri)
		}
	}
	return out, nil
}

// Described is the URL of this bank whose metadata the caller asks for: that of the request, with the well-known name taken out of it
// (RFC 9728 §3.1). It is false for one that resources would not take.
func (c *Call) Described(name string) (uri string, ok bool) {
	path := strings.Replace(c.Path(), name, "", 1)
	uri = c.Place.Origin + c.Place.Root + strings.TrimPrefix(path, c.Place.Root)
	_, ok = c.native(uri)
	return uri, ok
}

// native is the path that a URL of this bank has within the bank, "" for the bank itself; false for every other URL. The bank answers
// under its name and beside it, so http://host/berlin/v1 and http://host/v1 are one.
func (c *Call) native(uri string) (path string, ok bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Opaque != "" || u.User != nil || strings.ContainsAny(uri, "#\\ ") {
		return "", false
	}
	origin, err := url.Parse(c.Place.Origin)
	if err != nil || !strings.EqualFold(u.Scheme, origin.Scheme) || !strings.EqualFold(u.Host, origin.Host) {
		return "", false
	}
	if !grant.Covers(c.Place.Root, u.EscapedPath()) {
		return "", false
	}
	path = strings.TrimSuffix(strings.TrimPrefix(u.EscapedPath(), c.Place.Root), "/")
	for _, s := range strings.Split(path, "/") {
		if s == "." || s == ".." || strings.Contains(s, "%") {
			return "", false
		}
	}
	first, rest, below := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case first == c.Bank && below:
		return "/" + rest, true
	case first == c.Bank:
		return "", true
	case first == "s" || first == "admin" || first == "-" || c.Space.Grants.HasBank(first):
		return "", false
	}
	return path, true
}

// addressed refuses a token that is for other resources than the one that is called. Who takes a token must look whether it is meant
// (RFC 8707 §2, RFC 9068 §4); one that was asked for without a resource is for all of the bank.
func (c *Call) addressed(t *grant.Token) error {
	if len(t.Audience) == 0 {
		return nil
	}
	here := strings.TrimPrefix(c.Path(), c.Place.Mount)
	for _, one := range t.Audience {
		if path, ok := c.native(one); ok && grant.Covers(path, here) {
			c.Trail.Pass("audience", one)
			return nil
		}
	}
	return c.Trail.No("audience", fail.New(fail.TokenUnknown, "%s is for %s, not for %s", t.ID, strings.Join(t.Audience, " "), here))
}
