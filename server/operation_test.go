package server_test

import (
	"slices"
	"strings"
	"testing"

	"sandbank/server"
)

// Every route says which of the bank's two servers answers it. A new one that says nothing is the resource server's: this list is what
// somebody has thought about.
func TestServersOfRoutes(t *testing.T) {
	t.Parallel()
	const pages = "device device.done device.enter device_authorization par" // of banks with an authorization endpoint
	want := map[string]string{
		"yoisho":     pages + " authorize authorize.standard connections connections.change login token token.standard",
		"berlin":     pages + " authorize choose connections connections.change decide login token",
		"sparebank1": pages + " authorize bankid bankid.code bankid.login connections connections.change endSession logout token userinfo",
		"s2s":        "code token",
		"finapi":     "connections connections.change revoke token",
	}
	every := strings.Fields("introspection jwks metadata registration registration.change registration.end registration.show revocation") // bank has these as well
	srv, err := server.New(server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	as := map[string]map[string]bool{} // bank → operation → whether it is the authorization server's
	for _, o := range srv.Operations() {
		if as[o.Bank] == nil {
			as[o.Bank] = map[string]bool{}
		}
		if was, seen := as[o.Bank][o.Op]; seen && was != o.AS {
			t.Errorf("%s: the routes of %s are at two servers", o.Bank, o.Op)
		}
		as[o.Bank][o.Op] = o.AS
		if strings.Contains(o.Path, "oauth") && !o.AS && o.Op != "metadata.resource" {
			t.Errorf("%s: %s is not the authorization server's", o.Bank, o.Path)
		}
	}
	for bank, ops := range as {
		var got []string
		for op, yes := range ops {
			if yes && !slices.Contains(every, op) {
				got = append(got, op)
			}
		}
		expected := strings.Fields(want[bank])
		slices.Sort(got)
		slices.Sort(expected)
		if !slices.Equal(got, expected) {
			t.Errorf("%s: %s; want %s", bank, got, expected)
		}
		if len(got) == len(ops) {
			t.Errorf("%s has no resource server", bank)
		}
	}
}
