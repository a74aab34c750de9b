package server

import (
	"testing"

	"sandbank/server/fail"
)

// Every bank has words for every kind; what they say of an expired token is what a request with one gets.
func TestRefusalsOfEveryBank(t *testing.T) {
	t.Parallel()
	expired := map[string]int{}
	for _, r := range refusals()() {
		if r.Status < 400 || r.Status > 599 || r.Body == "" && r.Type != "" {
			t.Errorf("%s says %s as %d %s %q", r.Bank, r.Kind, r.Status, r.Type, r.Body)
		}
		if r.Kind == fail.TokenExpired && !r.Token {
			expired[r.Bank] = r.Status
		}
	}
	if len(expired) != len(banks()) || expired["yoisho"] != 400 || expired["berlin"] != 401 {
		t.Errorf("%v", expired)
	}
}
