package admin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/servertest"
)

// With what creation answers, and nothing else, somebody can walk a flow at the banks of the space.
func TestSpaceAnswersWhatItTakesToUseIt(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{Key: "master"})
	master := servertest.Bearer("master")
	var made []admin.SpaceView
	d.pull("POST", "/spaces", `{"name":"p01","idle":"2h"}`, master).Want(201).Into(&made)
	one := made[0]
	if one.URL != d.URL()+"/s/p01" || one.Idle.String() != "2h" || one.Ends == nil || len(one.Banks) != 5 || one.OneTimeCode == "" {
		t.Errorf("%+v", one)
	}
	for _, b := range one.Banks {
		if b.URL != one.URL+"/"+b.Bank || len(b.Clients) == 0 || len(b.People) == 0 {
			t.Errorf("%+v", b)
		}
	}
	client, person := one.Banks[0].Clients[0], one.Banks[0].People[0]
	flow := func() int {
		a := d.Get(one.Base + "/account/loggedin?uname=" + person.Login + "&psw=" + person.Password + "&redirect=http://127.0.0.1:9/cb&client_id=" + client.ID).Want(303)
		code := a.Header.Get("Location")[len("http://127.0.0.1:9/cb?code="):]
		return d.Get(one.Base + "/account/access_token?code=" + code + "&client_id=" + client.ID + "&client_secret=" + client.Secret).Status
	}
	if got := flow(); got != 200 {
		t.Errorf("the flow: %d", got)
	}
	if s := one.Banks[3].Clients[0].Service; s == nil || s.ID == "" || s.Secret == "" {
		t.Errorf("the service account: %+v", s)
	}

	own, prefix := servertest.Bearer(one.Key), one.Base+admin.Prefix+"/spaces/p01"
	var again admin.SpaceView
	d.Do("POST", prefix+"/reset", "", own).Want(200).Into(&again)
	if again.Key != one.Key || len(again.Banks) != 5 || again.Idle == nil {
		t.Errorf("reset: %+v", again)
	}
	if n := len(d.Get(one.Base+admin.Prefix+"/tokens", own).Want(200).JSON()["items"].([]any)); n != 0 {
		t.Errorf("%d tokens after the reset", n)
	}
	if got := flow(); got != 200 {
		t.Errorf("the flow after the reset: %d", got)
	}
	d.Get(prefix, own).Want(200)
	for _, refused := range []struct{ method, path string }{
		{"GET", "/spaces/main"}, {"POST", "/spaces/main/reset"}, {"GET", "/spaces"}, {"PATCH", "/spaces/p01"}, {"DELETE", "/spaces/p01"}, {"POST", "/spaces/p01/restore"},
	} {
		d.Do(refused.method, one.Base+admin.Prefix+refused.path, `{"idle":"1h"}`, own).Want(403)
	}
}

func TestSpaceHasThePublicURL(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{PublicURL: "https://bank.example/x/"}, admin.Options{})
	direct := httptest.NewServer(d.Handler())
	defer direct.Close()
	resp, err := http.Get(direct.URL + admin.Prefix + "/spaces/main")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var v admin.SpaceView
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil || v.URL != "https://bank.example/x" || v.Base != "/x" || v.Banks[1].URL != "https://bank.example/x/berlin" {
		t.Errorf("%s, %v", v.URL, err)
	}
}

func TestSpacesAreListed(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.pull("POST", "/spaces", `{"names":["a","c","b","d"]}`).Want(201)
	names, cursor := "", ""
	for range 4 {
		var list admin.SpaceList
		d.pull("GET", "/spaces?limit=2&cursor="+cursor, nil).Want(200).Into(&list)
		for _, s := range list.Items {
			names += s.Name + " "
			if s.URL != d.URL()+s.Base {
				t.Errorf("%s has the URL %s", s.Name, s.URL)
			}
		}
		if cursor = list.Next; cursor == "" {
			break
		}
	}
	if names != "a b c d main " {
		t.Errorf("listed %s", names)
	}
	d.pull("GET", "/spaces?cursor=!", nil).Want(422)
	d.pull("GET", "/spaces?limit=0", nil).Want(422)
}

// What is deleted by mistake comes back with its state and its key; what was idle does not.
func TestSpacesEndAndComeBack(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	var made []admin.SpaceView
	d.pull("POST", "/spaces", `{"name":"p01"}`).Want(201).Into(&made)
	bearer := servertest.Bearer(d.token("/s/p01"))
	d.pull("DELETE", "/spaces/p01", nil).Want(204)
	d.Get("/s/p01/account/info", bearer).Want(404)
	var list admin.SpaceList
	d.pull("GET", "/spaces", nil).Want(200).Into(&list)
	if len(list.Deleted) != 1 || list.Deleted[0].Name != "p01" || list.Deleted[0].Counts.Tokens != 2 {
		t.Errorf("deleted: %+v", list.Deleted)
	}
	var back admin.SpaceView
	d.pull("POST", "/spaces/p01/restore", nil).Want(200).Into(&back)
	d.Get("/s/p01/account/info", bearer).Want(200)
	if back.Key != made[0].Key {
		t.Error("the key is another")
	}
	d.pull("POST", "/spaces/p01/restore", nil).Want(404)

	for body, status := range map[string]int{`{}`: 422, `{"idle":"-1s"}`: 422, `{"idle":"400d"}`: 422, `{"idle":"soon"}`: 422, `{"idle":"1h"}`: 200, `{"idle":"0s"}`: 200} {
		d.pull("PATCH", "/spaces/p01", body).Want(status)
	}
	d.pull("PATCH", "/spaces/main", `{"idle":"1h"}`).Want(403)
	d.pull("PATCH", "/spaces/nobody", `{"idle":"1h"}`).Want(404)
	d.pull("GET", "/spaces/nobody", nil).Want(404)
	d.pull("POST", "/spaces", `{"name":"x","idle":"-5s"}`).Want(422)
	d.pull("PATCH", "/spaces/p01", `{"idle":"1ns"}`).Want(200) // whatever comes next is later than that
	d.Get("/s/p01/account/info", bearer).Want(404)
	d.pull("GET", "/spaces", nil).Want(200).Into(&list)
	if list.Dropped != 1 || len(list.Deleted) != 0 || len(list.Items) != 1 {
		t.Errorf("%+v", list)
	}
}

func TestDocumentHasThePathOfThePublicURL(t *testing.T) {
	t.Parallel()
	for public, want := range map[string]string{"": "/admin/api/v1 /s/{space}/admin/api/v1", "https://bank.example/x/": "/x/admin/api/v1 /x/s/{space}/admin/api/v1"} {
		d := open(t, server.Options{PublicURL: public}, admin.Options{})
		direct := httptest.NewServer(d.Handler())
		defer direct.Close()
		resp, err := http.Post(direct.URL+admin.Prefix+"/spaces", "application/json", strings.NewReader(`{"name":"p01"}`))
		if err != nil || resp.StatusCode != 201 {
			t.Fatal(err, resp)
		}
		for _, root := range []string{"", "/s/p01"} {
			resp, err := http.Get(direct.URL + root + admin.Prefix + "/openapi.json")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var doc struct{ Servers []struct{ URL string } }
			if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil || len(doc.Servers) != 2 || doc.Servers[0].URL+" "+doc.Servers[1].URL != want {
				t.Errorf("under %q: %v, %v", public, doc.Servers, err)
			}
		}
	}
}
