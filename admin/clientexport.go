package admin

import (
	"slices"
	"strings"

	"sandbank/admin/export"
	"sandbank/server/fail"
	"sandbank/server/grant"
)

func clientExportEndpoints() []endpoint {
	return []endpoint{{method: "GET", path: "/clients/{bank}/{id}/export", op: "exportClient", doc: "what the client needs elsewhere, as a file, with its secret in clear",
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

// ExportClient writes a client with its bank's way from nothing to an answer, ready to run.
func (d *Desk) ExportClient(bank, id, format string) (*export.File, error) {
	if format == "" || !slices.Contains(export.Formats(), format) {
		return nil, fail.Field("format", "%q is none of %s", format, strings.Join(export.Formats(), ", "))
	}
	d.Space.Gate.RLock()
	c := d.Space.Grants.Client(bank, id)
	if c == nil {
		d.Space.Gate.RUnlock()
		return nil, fail.New(fail.NotFound, "no client %q at %s", id, bank)
	}
	kit := d.kit(c)
	d.Space.Gate.RUnlock()
	return export.Write(format, kit)
}

// loopback is where a client that may use any loopback redirect URI waits, as in the banks' own examples.
const loopback = "http://127.0.0.1:9000/cb"

func (d *Desk) kit(c *grant.Client) export.Kit {
	has := map[string]string{"client_id": c.ID, "client_secret": "", "redirect_uri": loopback, "scope": strings.Join(c.Scopes, " "), "service_id": "", "service_secret": "",
		"login": "", "password": ""}
	if !c.Public() {
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
	return export.Kit{Title: name + " at " + c.Bank, Slug: c.Bank + "-" + c.ID, Base: d.Origin + d.Root + "/" + c.Bank, Has: has, Legs: d.options.Trips[c.Bank]}
}
