package sparebank1

import (
	"strings"

	"sandbank/server/internal/page"
	"sandbank/server/internal/wire"
)

// institution is one bank of the group. Banks that merged away are still good values of finInst, because clients have them configured.
type institution struct {
	id, title string
	merged    bool
}

// institutions are the values of finInst that banks.md 3.1 knows.
func institutions() []institution {
	return []institution{
		{id: "fid-gudbrandsdal", title: "SpareBank 1 Gudbrandsdal"},
		{id: "fid-hallingdal-valdres", title: "SpareBank 1 Hallingdal Valdres"},
		{id: "fid-helgeland", title: "SpareBank 1 Helgeland"},
		{id: "fid-lom-skjaak", title: "SpareBank 1 Lom og Skjåk"},
		{id: "fid-nord-norge", title: "SpareBank 1 Nord-Norge"},
		{id: "fid-nordmore", title: "SpareBank 1 Nordmøre"},
		{id: "fid-ringerike-hadeland", title: "SpareBank 1 Ringerike Hadeland"},
		{id: "fid-smn", title: "SpareBank 1 SMN"},
		{id: "fid-sogn-fjordane", title: "SpareBank 1 Sogn og Fjordane"},
		{id: "fid-sor-norge", title: "SpareBank 1 Sør-Norge"},
		{id: "fid-ostfold-akershus", title: "SpareBank 1 Østfold Akershus"},
		{id: "fid-ostlandet", title: "SpareBank 1 Østlandet"},
		{id: "fid-bv", title: "SpareBank 1 BV", merged: true},
		{id: "fid-modum", title: "SpareBank 1 Modum", merged: true},
		{id: "fid-nordvest", title: "SpareBank 1 Nordvest", merged: true},
		{id: "fid-sore-sunnmore", title: "SpareBank 1 Søre Sunnmøre", merged: true},
		{id: "fid-sr-bank", title: "SpareBank 1 SR-Bank", merged: true},
		{id: "fid-telemark", title: "SpareBank 1 Telemark", merged: true},
	}
}

// knownInstitution tells whether finInst takes the value.
func knownInstitution(id string) bool {
	for _, i := range institutions() {
		if i.id == id {
			return true
		}
	}
	return false
}

// choices are the banks of today for the picker.
func choices() []page.Choice {
	var out []page.Choice
	for _, i := range institutions() {
		if !i.merged {
			out = append(out, page.Choice{Value: i.id, Name: i.title, On: i.id == "fid-smn"})
		}
	}
	return out
}

type (
	shapeInstitutions struct {
		Institutions []shapeInstitution `json:"financialInstitutions"`
	}
	shapeInstitution struct {
		ID           string `json:"id"`
		ShortName    string `json:"shortName"`
		Name         string `json:"name"`
		Register     string `json:"bankplassregisterNumber"`
		AuthorizeURL string `json:"authorizeUrl"`
		Type         string `json:"type"`
	}
)

func allInstitutions(c *wire.Call) error { return showInstitutions(c, true) }

func bankInstitutions(c *wire.Call) error { return showInstitutions(c, false) }

func showInstitutions(c *wire.Call, merged bool) error {
	out := shapeInstitutions{Institutions: []shapeInstitution{}}
	for _, i := range institutions() {
		if !i.merged || merged {
			// 9999 is no bank's number in Norway; all accounts here begin with it.
			out.Institutions = append(out.Institutions, shapeInstitution{ID: i.id, ShortName: strings.TrimPrefix(i.id, "fid-"), Name: i.title,
				Register: "9999", AuthorizeURL: c.URL("/oauth/authorize") + "?finInst=" + i.id, Type: "bank"})
		}
	}
	return reply(c, 200, out)
}
