package berlin_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"sandbank/server/servertest"
)

// race runs 64 calls at once and counts how many were answered 200.
func race(call func() *servertest.Answer) (won int64, winner *servertest.Answer) {
	var done sync.WaitGroup
	var n atomic.Int64
	var one atomic.Pointer[servertest.Answer]
	for range 64 {
		done.Go(func() {
			if a := call(); a.Status == http.StatusOK {
				n.Add(1)
				one.Store(a)
			}
		})
	}
	done.Wait()
	return n.Load(), one.Load()
}

// RFC 6749 §4.1.2: parallel exchanges of one code have one winner on the wire.
func TestOneWinnerOfARace(t *testing.T) {
	t.Parallel()
	b := start(t)
	code := b.code("jane", "")
	if won, _ := race(func() *servertest.Answer { return b.exchange(code) }); won != 1 {
		t.Errorf("%d of 64 redeemed the code", won)
	}
	g := b.grant("jane", wholeAsk)
	if won, _ := race(func() *servertest.Answer { return b.refresh(g.refresh) }); won != 1 {
		t.Errorf("%d of 64 used the refresh token", won)
	}
	once := b.grant("dave", onceAsk)
	if won, _ := race(func() *servertest.Answer { return b.Get("/v1/accounts", servertest.Bearer(once.access)) }); won != 1 {
		t.Errorf("%d of 64 had the one access", won)
	}
	g = b.grant("jane", wholeAsk)
	if won, _ := race(func() *servertest.Answer { return b.Get("/v1/accounts", servertest.Bearer(g.access)) }); won != 4 {
		t.Errorf("%d of 64 unattended calls went through", won)
	}
	consent := b.ask(wholeAsk) // one consent, taken by 64 browsers of the same person at once
	codes := sync.Map{}
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			if page := b.allow("jane", authorizeURL("consentId", consent)); page.Away != nil && page.Param("code") != "" {
				codes.Store(page.Param("code"), true)
			}
		})
	}
	done.Wait()
	n := 0
	codes.Range(func(any, any) bool { n++; return true })
	if n == 0 {
		t.Error("nobody got a code")
	}
	if got := b.get("/consent/"+consent, servertest.Basic(id, secret)).Text("consentStatus"); got != "valid" {
		t.Errorf("the consent is %s", got)
	}
}
