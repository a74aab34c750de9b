package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"sandbank/server/ledger"
)

// What a view adds is always the same, comes to nothing, and is never written to the ledger.
func TestViewLengthensThePast(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 3, 15, 45, 8, 0, time.UTC)
	for _, id := range []string{"43199139", "abc"} {
		for _, n := range []int{1, 2, 3, 4, 50, 5000} {
			l := ledger.New()
			l.AddPerson(ledger.Person{ID: "b/dave", Bank: "b", Login: "dave"})
			past := []ledger.Entry{{ID: "e1", Account: id, Amount: 700, Entered: now.Add(-time.Hour), At: now.Add(-time.Hour)},
				{ID: "e2", Account: id, Amount: -200, Entered: now.Add(time.Hour), At: now.Add(time.Hour)}}
			if err := l.Open(ledger.Account{ID: id, Bank: "b", Owner: "b/dave", Number: "1", Status: ledger.Enabled, Opened: now.AddDate(-2, 0, 0)},
				func() []ledger.Entry { return past }); err != nil {
				t.Fatal(err)
			}
			seen := l.Seen(ledger.View{Owner: "b/dave", Entries: n, At: now})
			booked, _ := seen.Entries(id, now)
			if len(booked) != max(n, 1) || seen.Balance(id, now) != l.Balance(id, now) {
				t.Fatalf("%s, %d asked for: %d are booked, balance %+v, in truth %+v", id, n, len(booked), seen.Balance(id, now), l.Balance(id, now))
			}
			var sum int64
			ids := map[string]bool{}
			for i := range booked {
				sum += booked[i].Amount
				ids[booked[i].ID] = true
				if seen.BalanceAfter(&booked[i]) != sum {
					t.Fatalf("the balance after %s is %d, the sum %d", booked[i].ID, seen.BalanceAfter(&booked[i]), sum)
				}
			}
			again, _ := seen.Entries(id, now)
			anew, _ := l.Seen(ledger.View{Owner: "b/dave", Entries: n, At: now}).Entries(id, now)
			if sum != 700 || len(ids) != len(booked) || fmt.Sprint(again) != fmt.Sprint(booked) || fmt.Sprint(anew) != fmt.Sprint(booked) {
				t.Fatalf("sum %d, %d ids of %d entries", sum, len(ids), len(booked))
			}
			if err := seen.Post(ledger.Entry{ID: "e3", Account: id, Amount: 1, Entered: now, At: now}); err != nil {
				t.Fatal(err)
			}
			if booked, _ := seen.Entries(id, now); len(booked) != max(n, 1)+1 || l.Balance(id, now).Booked != 701 || seen.Balance(id, now).Booked != 701 {
				t.Errorf("after one more entry: %d booked, %+v", len(booked), seen.Balance(id, now))
			}
			if true, _ := l.Entries(id, now); len(true) != 2 {
				t.Errorf("the ledger itself has %d entries", len(true))
			}
		}
	}
}

func TestViewHidesAccounts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 3, 15, 45, 8, 0, time.UTC)
	l := ledger.New()
	for _, who := range []string{"dave", "jane"} {
		l.AddPerson(ledger.Person{ID: "b/" + who, Bank: "b", Login: who})
		l.Open(ledger.Account{ID: who, Bank: "b", Owner: "b/" + who, Number: who + "1", Status: ledger.Enabled, Opened: now}, nil)
	}
	seen := l.Seen(ledger.View{Owner: "b/dave", Empty: true})
	if seen.Account("dave") != nil || seen.AccountByNumber("b", "dave1") != nil || len(seen.AccountsOf("b/dave")) != 0 {
		t.Error("dave's accounts show")
	}
	if seen.Account("jane") == nil || seen.AccountByNumber("b", "jane1") == nil || len(seen.AccountsOf("b/jane")) != 1 {
		t.Error("jane's accounts are hidden too")
	}
	if !seen.RemovePerson("b/dave") || l.Account("dave") != nil {
		t.Error("an account that a view hid outlived its owner")
	}
}
