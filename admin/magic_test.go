package admin_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

// code logs in at Yoisho by the one-liner.
func (d *desk) code(root, login string) string {
	d.t.Helper()
	a := d.Get(root + "/yoisho/account/loggedin?psw=x&client_id=" + yoishoID + "&redirect=http://127.0.0.1:9/cb&uname=" + login).Want(303)
	_, code, _ := strings.Cut(a.Header.Get("Location"), "code=")
	return code
}

// as logs in and exchanges the code.
func (d *desk) as(root, login string) string {
	d.t.Helper()
	return d.Get(root + "/yoisho/account/access_token?code=" + d.code(root, login) + "&client_id=" + yoishoID + "&client_secret=" + yoishoSecret).Want(200).Text("access_token")
}

// Magic logins are on in every space, can be switched off in one, and come back by undo and by restore.
func TestSwitchMagicLogins(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("POST", "/spaces", `{"name":"p07"}`).Want(201)
	works := func(root string) bool {
		a := d.Get(root + "/yoisho/account/loggedin?psw=x&client_id=" + yoishoID + "&redirect=http://127.0.0.1:9/cb&uname=dave~ttl5s")
		if a.Status == 303 {
			return true
		}
		if page := d.Get(root + "/yoisho/account/authorize?redirect_uri=http://127.0.0.1:9/cb&client_id=" + yoishoID); strings.Contains(page.Body, "dave~") {
			t.Error("the page offers what does not work")
		}
		return false
	}
	on := func(a *servertest.Answer) bool { return a.Want(200).JSON()["magicLogins"] == true }
	if !works("") || !on(d.pull("GET", "/settings", nil)) {
		t.Error("off at the start")
	}
	if on(d.pull("PATCH", "/settings", `{"magicLogins":false}`)) || on(d.pull("GET", "/settings", nil)) || works("") {
		t.Error("on after they were switched off")
	}
	if !works("/s/p07") {
		t.Error("off in another space")
	}
	d.pull("POST", "/snapshots", `{"name":"off"}`).Want(201)
	d.pull("POST", "/undo", `{"count":2}`).Want(200) // the snapshot's, and the switch
	if !works("") {
		t.Error("undo left them off")
	}
	d.pull("PATCH", "/settings", `{"magicLogins":false}`).Want(200)
	id := d.pull("POST", "/snapshots", `{"name":"off"}`).Want(201).JSON()["id"]
	d.pull("PATCH", "/settings", `{"magicLogins":true}`).Want(200)
	d.pull("POST", "/snapshots/"+id.(interface{ String() string }).String()+"/restore", nil).Want(200)
	if works("") {
		t.Error("a restore left them on")
	}
	for body, status := range map[string]int{`{}`: 422, `{"magicLogins":"yes"}`: 422, `{"magic":true}`: 422, `[`: 400} {
		d.pull("PATCH", "/settings", body).Want(status)
	}
}

// What a login asked for shows wherever its grant does, with its source, and survives a snapshot.
func TestMagicGrantIsVisible(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := servertest.Bearer(d.as("", "dave~ttl5s.revoke60s"))
	var tokens struct {
		Items []struct{ ID, Grant, Kind, Policy, Login, Life string }
	}
	d.pull("GET", "/tokens?kind=access", nil).Want(200).Into(&tokens)
	one := tokens.Items[0]
	if one.Login != "dave~ttl5s.revoke60s" || one.Policy != "login dave~ttl5s.revoke60s" || one.Life != "5s" {
		t.Errorf("the token: %+v", one)
	}
	var of struct {
		Login, State, By string
		Over             time.Time
	}
	d.pull("GET", "/grants/"+one.Grant, nil).Want(200).Into(&of)
	if over := d.Clock().Now().Add(time.Minute); of.Login != one.Login || !of.Over.Equal(over) || of.State != "live" {
		t.Errorf("the grant: %+v, want it over at %s", of, over)
	}
	value := func(path, knob string) string {
		var p struct {
			Banks []struct {
				Knobs []struct{ Knob, Value, Source string }
			}
		}
		d.pull("GET", path, nil).Want(200).Into(&p)
		for _, k := range p.Banks[0].Knobs {
			if k.Knob == knob {
				return k.Value + " by " + k.Source
			}
		}
		return ""
	}
	d.pull("PATCH", "/policies", `{"level":{"bank":"yoisho","user":"dave"},"set":{"access":"1h","code":"7s"},"retime":true}`).Want(200)
	for path, want := range map[string]string{"/policies?grant=" + one.Grant: "5s by login dave~ttl5s.revoke60s", "/policies?bank=yoisho&user=dave": "1h by user yoisho/dave"} {
		if got := value(path, "access"); got != want {
			t.Errorf("%s: access is %q, want %q", path, got, want)
		}
	}
	if got := value("/policies?grant="+one.Grant, "code"); got != "7s by user yoisho/dave" {
		t.Errorf("what the login left alone: %q", got)
	}
	d.pull("GET", "/policies?grant="+one.Grant+"&bank=yoisho", nil).Want(422)
	d.pull("GET", "/policies?grant=g_none", nil).Want(404)

	shot := d.pull("POST", "/snapshots", `{"name":"magic"}`).Want(201).JSON()["id"].(interface{ String() string }).String()
	file := d.pull("GET", "/snapshots/"+shot, nil)
	if file.Status != 200 || !strings.Contains(file.Body, `"terms":{"login":"dave~ttl5s.revoke60s","set":{"access":"5s"},"revoke":60000000000}`) {
		t.Errorf("%d, the file has no terms", file.Status)
	}
	d.pull("POST", "/reset", `{"what":"tokens"}`).Want(200)
	d.Get("/yoisho/account/info", bearer).Want(400)
	d.pull("POST", "/snapshots/"+shot+"/restore", nil).Want(200)
	d.Advance(5*time.Second - 1)
	d.Get("/yoisho/account/info", bearer).Want(200) // the retiming of the user's tokens left it alone
	d.Advance(1)
	d.Get("/yoisho/account/info", bearer).Want(400)
}

// A grant that ends by itself is among the ends to come, is killed by a jump, and tells whoever waits.
func TestMagicEndIsToldLikeOthers(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	bearer := servertest.Bearer(d.as("", "dave~revoke30s"))
	type end struct{ Kind, ID, In string }
	var look struct{ Next []end }
	d.pull("GET", "/clock", nil).Want(200).Into(&look)
	if len(look.Next) != 1 || look.Next[0].Kind != "grant" || look.Next[0].In != "30s" {
		t.Errorf("next: %+v", look.Next)
	}
	var moved struct{ Killed, Revived []end }
	d.pull("POST", "/clock", `{"to":"next-expiry","edge":"before"}`).Want(200).Into(&moved)
	d.Get("/yoisho/account/info", bearer).Want(200)
	d.pull("POST", "/clock", `{"to":"next-expiry"}`).Want(200).Into(&moved)
	if len(moved.Killed) != 1 || moved.Killed[0].Kind != "grant" {
		t.Errorf("killed: %+v", moved.Killed)
	}
	d.Get("/yoisho/account/info", bearer).Want(400)
	var of struct {
		Items []struct{ ID, State, By, Why string }
	}
	d.pull("GET", "/grants?state=revoked", nil).Want(200).Into(&of)
	if len(of.Items) != 1 || of.Items[0].By != "user" || !strings.Contains(of.Items[0].Why, "dave~revoke30s") {
		t.Errorf("revoked: %+v", of.Items)
	}
	d.pull("POST", "/grants/"+of.Items[0].ID+"/revoke", nil).Want(409)
	d.pull("POST", "/undo", nil).Want(200)
	d.Get("/yoisho/account/info", bearer).Want(200)

	told := make(chan *servertest.Answer, 1)
	go func() { told <- d.pull("GET", "/wait?event=token.revoked&timeout=10s", nil) }()
	for len(told) == 0 {
		d.pull("POST", "/clock", `{"advance":"-1h"}`).Want(200)
		d.pull("POST", "/clock", `{"advance":"1h30s"}`).Want(200)
		d.pull("POST", "/clock", `{"advance":"-30s"}`).Want(200)
	}
	if a := <-told; a.Status != 200 || !strings.Contains(a.Body, "dave~revoke30s") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// A slow grant holds up its own calls and no lever, and no longer than its client waits.
func TestMagicSlowHoldsNoLever(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	fast := servertest.Bearer(d.as("", "dave"))
	code := d.code("", "dave~slow10m")
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		r, err := http.NewRequestWithContext(ctx, "GET", d.URL()+"/yoisho/account/access_token?code="+code+"&client_id="+yoishoID+"&client_secret="+yoishoSecret, nil)
		if err == nil {
			_, err = http.DefaultClient.Do(r)
		}
		left <- err
	}()
	issued := func() bool { return strings.Contains(d.pull("GET", "/tokens?kind=access", nil).Body, "dave~slow10m") }
	for !issued() { // it was, and is kept back
	}
	d.Get("/yoisho/account/info", fast).Want(200)
	d.pull("POST", "/clock", `{"advance":"1s"}`).Want(200)
	if len(left) > 0 {
		t.Fatal("the answer was not kept back")
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
