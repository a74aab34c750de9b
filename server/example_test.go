package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"sandbank/server"
)

// A client is tested against a bank whose tokens die when the test says so.
func Example() {
	srv, err := server.New(server.Options{Freeze: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := srv.Start(); err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()

	token := demoToken(srv.URL())
	fmt.Println(balance(srv.URL(), token))

	srv.Clock().Advance(60 * time.Second)
	fmt.Println(balance(srv.URL(), token))
	fmt.Println(srv.Journal().Recent(1, nil)[0].Kind)
	// Output:
	// {"account_owner": "dave", "account_balance": "10,187.91"}
	// {"error": "access_token has expired"}
	// token_expired
}

// The same sandbox behind net/http, for a test that has a server already.
func ExampleServer_Handler() {
	srv, err := server.New(server.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	front := httptest.NewServer(srv.Handler())
	defer front.Close()

	fmt.Println(balance(front.URL, demoToken(front.URL)))
	// Output: {"account_owner": "dave", "account_balance": "10,187.91"}
}

// Rules are turned before the start by the text that flags take.
func ExampleParsePolicy() {
	rule, err := server.ParsePolicy("yoisho.access=5s")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = server.New(server.Options{Policy: []server.Setting{rule}})
	fmt.Println(err)

	_, err = server.ParsePolicy("yoisho.refresh=90d")
	fmt.Println(err)
	// Output:
	// <nil>
	// yoisho has no "refresh"; it has access, attempts, code, fidelity, page, session
}

const (
	yoishoClient = "7b6fc8ed5127b0b2f076d"
	yoishoSecret = "724e6890757b0ae624684b70e111b705fe6b050c"
)

// demoToken logs dave in and swaps the code.
func demoToken(base string) string {
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := stay.Get(base + "/account/loggedin?uname=dave&psw=x&redirect=http://127.0.0.1:9000/cb&client_id=" + yoishoClient)
	if err != nil {
		return err.Error()
	}
	resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		return err.Error()
	}
	v := url.Values{"code": {back.Query().Get("code")}, "client_id": {yoishoClient}, "client_secret": {yoishoSecret}}
	resp, err = http.Get(base + "/account/access_token?" + v.Encode())
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	var token string
	fmt.Sscanf(string(body), `{"token_type": "bearer", "scope": "read", "access_token": %q}`, &token)
	return token
}

func balance(base, token string) string {
	r, err := http.NewRequest("GET", base+"/account/balance", nil)
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return string(body)
}
