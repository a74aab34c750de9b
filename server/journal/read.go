package journal

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"

	"sandbank/server/fail"
)

// Params are the parameters of the query and of a form body, whatever the method: s2s sends a form with GET. What is not properly
// encoded is left out.
func (e *Entry) Params() url.Values {
	_, query, _ := strings.Cut(e.Target, "?")
	v, _ := url.ParseQuery(query)
	if kind := e.Request.MediaType(); len(e.Request.Body) > 0 && (kind == "application/x-www-form-urlencoded" || kind == "") {
		form, _ := url.ParseQuery(string(e.Request.Body))
		for name, values := range form {
			v[name] = append(v[name], values...)
		}
	}
	return v
}

// Path is the target without its query.
func (e *Entry) Path() string {
	path, _, _ := strings.Cut(e.Target, "?")
	return path
}

// Bearer is the access token that the request carried in its Authorization header, under the scheme Bearer or DPoP, or "".
func (e *Entry) Bearer() string {
	scheme, value, _ := strings.Cut(e.Request.Header("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "DPoP") {
		return ""
	}
	return strings.TrimSpace(value)
}

// Caller is the client as the bank found it; or, where the bank was not asked or did not believe it, as the request names it.
func (e *Entry) Caller() string {
	if e.Client != "" {
		return e.Client
	}
	if scheme, value, _ := strings.Cut(e.Request.Header("Authorization"), " "); strings.EqualFold(scheme, "Basic") {
		if p, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value)); err == nil {
			id, _, _ := strings.Cut(string(p), ":")
			if plain, err := url.QueryUnescape(id); err == nil {
				id = plain
			}
			return strings.TrimSpace(id)
		}
	}
	if id := e.Params().Get("client_id"); id != "" {
		return id
	}
	return e.Request.Header("X-IBM-Client-Id")
}

// Fields are those of the answer's JSON object; none when it is no such thing, or not kept whole.
func (e *Entry) Fields() map[string]json.RawMessage {
	var v map[string]json.RawMessage
	if e.Response.Cut || json.Unmarshal(e.Response.Body, &v) != nil {
		return nil
	}
	return v
}

// Check is the last check of this name on the way to the answer, or nil.
func (e *Entry) Check(name string) *fail.Check {
	for i := len(e.Trail) - 1; i >= 0; i-- {
		if e.Trail[i].Name == name {
			return &e.Trail[i]
		}
	}
	return nil
}

// Failed tells whether the bank's check of this name did not hold.
func (e *Entry) Failed(name string) bool {
	c := e.Check(name)
	return c != nil && !c.OK
}

// Spoiled says what a fault did to the call and where: "before the bank was asked: status=503". It is empty when none had it.
func (e *Entry) Spoiled() string {
	if e.Fault == "" {
		return ""
	}
	if c := e.Check("fault " + e.Fault); c != nil {
		return c.Why
	}
	return ""
}
