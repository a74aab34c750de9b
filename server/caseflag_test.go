package server_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sandbank/server"
	"sandbank/server/fail"
	"sandbank/server/scenario"
	"sandbank/server/servertest"
)

// Every case that a login can have, at every bank: it works there, or says that the bank cannot show it.
func TestCasesAreFlags(t *testing.T) {
	t.Parallel()
	srv, err := server.New(server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	isCase, tried := regexp.MustCompile(`^e\d\d$`), 0
	for _, f := range srv.Flags() {
		if !isCase.MatchString(f.Word) {
			continue
		}
		c, err := scenario.Find(f.Word)
		if err != nil || f.Doc != c.Title {
			t.Fatalf("%+v: %v", f, err)
		}
		tried++
		for _, bank := range magicBanks() {
			t.Run(c.ID+" "+bank.name, func(t *testing.T) {
				t.Parallel()
				box := servertest.Start(t, server.Options{})
				came := bank.in(box, "dave~"+f.Word)
				if !slices.Contains(c.Banks, bank.name) {
					if came.status() != bank.refused || !strings.Contains(fmt.Sprint(box.Last().Trail), " has no way to show "+c.ID) {
						t.Errorf("status %d, %v", came.status(), box.Last().Trail)
					}
					return
				}
				came.tokens().read().Want(200)
				by := func(k fail.Check) bool { return k.Name == "login" && strings.HasSuffix(k.Why, "~"+f.Word) }
				if trail := box.Last().Trail; !slices.ContainsFunc(trail, by) {
					t.Errorf("the trail does not say whose wish it is: %v", trail)
				}
			})
		}
	}
	if tried < 25 {
		t.Errorf("%d cases can be had by login", tried)
	}
}

// What cases do to the grant of the login that asks for them, and to no other.
func TestCasesByLogin(t *testing.T) {
	t.Parallel()
	const list = "/berlin/v1/accounts/1a0f6c52-7d43-4b8e-9a55-2f90c1d7e301/transactions?bookingStatus=booked&dateFrom=2026-01-01&pageSize=5&page="
	for name, play := range map[string]func(t *testing.T, c *came, plain bool){
		"e27 berlin": dies, "e27 s2s": dies,
		"e11 yoisho": early, "e11 finapi": early,
		"e36 s2s": func(t *testing.T, c *came, plain bool) {
			if scope := c.renew(c.refresh).Want(200).Text("scope"); strings.Contains(scope, "all:eft") != plain {
				t.Errorf("scope %q", scope)
			}
		},
		"e36 sparebank1": func(t *testing.T, c *came, plain bool) { c.renew(c.refresh).Want(200) }, // it has no scope of that name to lose
		"e52.consent30s berlin": func(t *testing.T, c *came, plain bool) {
			c.box.Advance(30 * time.Second)
			c.read().Want(map[bool]int{true: 200, false: 401}[plain])
			c.access = c.renew(c.refresh).Want(200).Text("access_token") // although the consent is over
			c.read().Want(map[bool]int{true: 200, false: 401}[plain])
		},
		"e54 berlin": func(t *testing.T, c *came, plain bool) {
			c.box.Advance(5*time.Minute - 1)
			c.read(list + "1").Want(200)
			c.box.Advance(1)
			c.read(list + "1").Want(map[bool]int{true: 200, false: 400}[plain])
		},
		"e60 berlin": func(t *testing.T, c *came, plain bool) {
			c.read(list + "1").Want(200)
			c.box.Advance(10 * time.Second)
			c.read(list + "2").Want(map[bool]int{true: 200, false: 400}[plain])
		},
	} {
		for _, plain := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, plain %v", name, plain), func(t *testing.T) {
				t.Parallel()
				flag, bank, _ := strings.Cut(name, " ")
				all := magicBanks()
				box := servertest.Start(t, server.Options{})
				at := all[slices.IndexFunc(all, func(b *magicBank) bool { return b.name == bank })]
				if plain {
					at.in(box, "dave~"+flag).tokens()
					play(t, at.in(box, "dave").tokens(), true)
					return
				}
				play(t, at.in(box, "dave~"+flag).tokens(), false)
			})
		}
	}
}

func dies(t *testing.T, c *came, plain bool) {
	c.box.Advance(20*time.Second - 1)
	if again, ok := c.renew(c.refresh).Want(200).JSON()["refresh_token"].(string); ok {
		c.refresh = again
	}
	c.box.Advance(20 * time.Second)
	c.renew(c.refresh).Want(map[bool]int{true: 200, false: 400}[plain])
	if why := c.box.Last().Why; !plain && !strings.Contains(why, "20s by login ") {
		t.Errorf("the journal says %q", why)
	}
}

func early(t *testing.T, c *came, plain bool) {
	if told := c.answer.Body; !plain && !regexp.MustCompile(`"expires_in": ?(3600|3599)`).MatchString(told) {
		t.Errorf("told is %s", told)
	}
	c.box.Advance(10*time.Second - 1)
	c.read().Want(200)
	c.box.Advance(1)
	c.read().Want(map[bool]int{true: 200, false: c.bank.dead}[plain])
}

// Cases that no login can bring about are explained, with what does; others may be combined, unless they contradict each other.
func TestCasesThatAreNoFlags(t *testing.T) {
	t.Parallel()
	box := servertest.Start(t, server.Options{})
	bank := magicBanks()[2]
	for flags, want := range map[string]string{
		"e33": "E33 spoils calls, and a login only its own grant; arm it: POST /admin/api/v1/scenarios/E33",
		"e21": "E21 bends the clock, which everybody goes by; arm it: POST /admin/api/v1/scenarios/E21", "e19": "E19 bends the clock",
		"e45": "E45 turns page, which is no matter of a grant; arm it", "e26": "E26 is about midnight at the bank",
		"e48": "E48 is brought about by hand: Press Deny, or log in as dave~deny", "e77": "E77 is about the certificate, which everybody is shown; arm it: POST /admin/api/v1/scenarios/E77",
		"e99": "there is no such flag", "e36": "Accounts BG has no way to show E36", "e15.uses9": "another flag says otherwise", "e06.e07": "another flag says otherwise",
	} {
		c := bank.in(box, "dave~ttl5s."+flags)
		if c.page == nil || c.page.Status != 401 {
			t.Fatalf("%s: %+v", flags, c)
		}
		if got := c.page.Doc.Find("#wrong dd").Text(); !strings.Contains(got, want) {
			t.Errorf("%s: %q", flags, got)
		}
		if listed := c.page.Doc.Find("section[aria-labelledby=flags] dt").Text(); !strings.Contains(listed, "e27") || strings.Contains(listed, "e33") {
			t.Errorf("%s: listed are %s", flags, listed)
		}
	}
	if c := bank.in(box, "dave~e27.e15.ttl5s").tokens(); c.access == "" {
		t.Errorf("together: %s", box.Last().Why)
	}
}
