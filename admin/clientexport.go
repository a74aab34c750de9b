package admin

import (
	"slices"
	"strings"

	"sandbank/admin/export"
	"sandbank/server/fail"
)

func clientExportEndpoints() []endpoint {
	return []endpoint{{method: "GET", path: "/clients/{bank}/{id}/login", op: "clientLogin", doc: "the address of the page where a person lets the client in",
		query: []parameter{{"consent", "the consent that it is about, where the bank has such"}}, out: LoginAddress{}, do: func(r *request) (any, error) {
			return r.ClientLogin(r.params["bank"], r.params["id"], r.query.Get("consent"))
		}}, {method: "GET", path: "/clients/{bank}/{id}/export", op: "exportClient", doc: "what the client needs elsewhere, as a file, with its secret in clear",
		query: []parameter{{"format", strings.Join(export.Formats(), ", ")}}, media: "application/octet-stream", do: func(r *request) (any, error) {
			file, err := r.ExportClient(r.params["bank"], r.params["id"], r.query.Get("format"))
			if err != nil {
				return nil, err
			}
			r.ctx.Set("Content-Type", file.Type)
			r.ctx.Set("Content-Disposition", `attachment; filename="`+file.Name+`"`)
			r.ctx.Set("Cache-Control", "no-store")
			return answered, r.ctx.Send(file.Data)
		}}}
}

// LoginAddress is where a person lets a client in.
type LoginAddress struct {
	URL string `json:"url"` // of the bank's page; empty at banks where nobody logs in
}

// ClientLogin is the address of the page where a person lets the client in, for a consent that waits for it, or without one.
func (d *Desk) ClientLogin(bank, id, consent string) (*LoginAddress, error) {
	kit, err := d.kit(bank, id)
	if err != nil {
		return nil, err
	}
	kit.Has["consent"] = consent
	return &LoginAddress{export.Address(*kit)}, nil
}

// ExportClient writes a client with its bank's way from nothing to an answer, ready to run.
func (d *Desk) ExportClient(bank, id, format string) (*export.File, error) {
	if format == "" || !slices.Contains(export.Formats(), format) {
		return nil, fail.Field("format", "%q is none of %s", format, strings.Join(export.Formats(), ", "))
	}
	kit, err := d.kit(bank, id)
	if err != nil {
		return nil, err
	}
	return export.Write(format, *kit)
}

// loopback is where a client that may use any loopback redirect URI waits, as in the banks' own examples.
const loopback = "http://127.0.0.1:9000/cb"

// kit is a client with all that its calls need.
func (d *Desk) kit(bank, id string) (*export.Kit, error) {
	d.Space.Gate.RLock()
	defer d.Space.Gate.RUnlock()
	c := d.Space.Grants.Client(bank, id)
	if c == nil {
		return nil, fail.New(fail.NotFound, "no client %q at %s", id, bank)
	}
	has := map[string]string{"client_id": c.ID, "client_secret": "", "redirect_uri": loopback, "scope": strings.Join(c.Scopes, " "), "service_id": "", "service_secret": "",
		"login": "", "password": ""}
	if len(c.Secrets) > 0 {
		has["client_secret"] = c.Secrets[0].Value
	}
	if len(c.RedirectURIs) > 0 {
		has["redirect_uri"] = c.RedirectURIs[0]
	}
	if c.Service != nil {
		has["service_id"], has["service_secret"] = c.Service.ID, c.Service.Secret
	}
	if people := d.Space.Ledger.People(c.Bank); len(people) > 0 {
		has["login"], has["password"] = people[0].Login, people[0].Password
		if has["password"] == "" {
			has["password"] = "any"
		}
	}
	name := c.Name
	if name == "" {
		name = c.ID
	}
	return &export.Kit{Title: name + " at " + d.World.Bank(c.Bank).Title, Slug: c.Bank + "-" + c.ID, Base: d.Origin + d.Root + "/" + c.Bank, Has: has, Legs: d.trip(c.Bank)}, nil
}

// trip is how a client of a bank gets from nothing to an answer.
func (d *Desk) trip(bank string) []export.Leg {
	for _, f := range d.Flows() {
		if f.Bank == bank {
			return export.Trip(f)
		}
	}
	return nil
}
