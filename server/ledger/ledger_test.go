package ledger_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sandbank/server/fail"
	"sandbank/server/ledger"
	"sandbank/server/store"
)

var now = time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)

// books has dave with an account of 100.00 and a limit of 10.00, and jane with an empty one.
func books(t interface{ Fatal(...any) }) *ledger.Ledger {
	l := ledger.New()
	for _, login := range []string{"dave", "jane"} {
		if err := l.AddPerson(ledger.Person{Bank: "b", Login: login, Given: login}); err != nil {
			t.Fatal(err)
		}
	}
	past := func() []ledger.Entry {
		return []ledger.Entry{{ID: "o", Account: "d1", Amount: 10000, Entered: now.AddDate(-1, 0, 0), At: now.AddDate(-1, 0, 0), Type: "opening"}}
	}
	for _, a := range []ledger.Account{
		{ID: "d1", Bank: "b", Owner: "b/dave", Number: "111", IBAN: "XX111", Currency: "EUR", Status: ledger.Enabled, Limit: 1000},
		{ID: "j1", Bank: "b", Owner: "b/jane", Number: "222", Currency: "EUR", Status: ledger.Enabled},
	} {
		if a.ID != "d1" {
			past = nil
		}
		if err := l.Open(a, past); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func pay(id string, amount int64) ledger.Payment {
	return ledger.Payment{ID: id, Bank: "b", Client: "c", From: "d1", To: "222", Amount: amount, Entered: now, Due: now}
}

func TestPaymentMovesMoneyOnBothSides(t *testing.T) {
	t.Parallel()
	l := books(t)
	p := pay("p1", 2500)
	p.Fee, p.Tax = 40, 2
	if _, again, err := l.Pay(p, now); err != nil || again {
		t.Fatal(again, err)
	}
	if d, j := l.Balance("d1", now).Booked, l.Balance("j1", now).Booked; d != 10000-2542 || j != 2500 {
		t.Errorf("dave has %d, jane %d", d, j)
	}
	if e := l.Entry("j1", "p1-3", now); e == nil || e.Party != "dave" || e.PartyRef != "XX111" {
		t.Errorf("jane's entry: %+v", e)
	}
	if got := l.Payment("b", "p1"); got == nil || got.Total() != 2542 {
		t.Errorf("payment: %+v", got)
	}
}

func TestPaymentsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		pay  ledger.Payment
		prep func(*ledger.Ledger)
		want fail.Kind
	}{
		{"one unit over balance and limit", pay("p", 11001), nil, fail.InsufficientFund},
		{"one unit over its own money", ledger.Payment{ID: "p", Bank: "b", From: "d1", To: "222", Amount: 10001, OwnOnly: true}, nil, fail.InsufficientFund},
		{"nothing", pay("p", 0), nil, fail.InvalidField},
		{"negative", pay("p", -5), nil, fail.InvalidField},
		{"unknown account", ledger.Payment{ID: "p", Bank: "b", From: "zz", To: "222", Amount: 1}, nil, fail.NotFound},
		{"to itself", ledger.Payment{ID: "p", Bank: "b", From: "d1", To: "111", Amount: 1}, nil, fail.InvalidField},
		{"from a blocked account", pay("p", 1), func(l *ledger.Ledger) {
			l.UpdateAccount("d1", func(a *ledger.Account) { a.Status = ledger.Blocked })
		}, fail.AccountBlocked},
		{"to a closed account", pay("p", 1), func(l *ledger.Ledger) {
			l.UpdateAccount("j1", func(a *ledger.Account) { a.Status = ledger.Closed })
		}, fail.AccountBlocked},
		{"a number that is taken", pay("taken", 1), func(l *ledger.Ledger) { l.Pay(pay("taken", 1), now) }, fail.Conflict},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := books(t)
			if tt.prep != nil {
				tt.prep(l)
			}
			before := l.Balance("d1", now)
			if _, _, err := l.Pay(tt.pay, now); !fail.Is(err, tt.want) {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			if after := l.Balance("d1", now); after != before {
				t.Errorf("the balance moved from %+v to %+v", before, after)
			}
		})
	}
	if _, _, err := books(t).Pay(pay("p", 11000), now); err != nil {
		t.Errorf("exactly balance and limit: %v", err)
	}
}

func TestIdempotencyKeyMovesMoneyOnce(t *testing.T) {
	t.Parallel()
	l := books(t)
	var fresh atomic.Int32
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			p := pay(fmt.Sprint("p", i), 100)
			p.Key = "once"
			if _, again, err := l.Pay(p, now); err != nil {
				t.Error(err)
			} else if !again {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	if by := l.PaidBy("b", "c", "once"); by == nil || l.PaidBy("b", "other", "once") != nil || l.PaidBy("b", "c", "") != nil {
		t.Errorf("the key has paid %+v", by)
	}
	if fresh.Load() != 1 || l.Balance("d1", now).Booked != 9900 {
		t.Errorf("%d payments, balance %d", fresh.Load(), l.Balance("d1", now).Booked)
	}
}

func TestRacingPaymentsNeverOverdraw(t *testing.T) {
	t.Parallel()
	l := books(t)
	var done atomic.Int64
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			if _, _, err := l.Pay(pay(fmt.Sprint("p", i), 1000), now); err == nil {
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if done.Load() != 11 || l.Balance("d1", now).Available() != 0 || l.Balance("j1", now).Booked != 11000 {
		t.Errorf("%d went through, %d left, jane has %d", done.Load(), l.Balance("d1", now).Available(), l.Balance("j1", now).Booked)
	}
}

// A payment due later is pending, reserves its amount, and books itself when the clock gets there; moved back, it is unknown.
func TestClockBooksWhatIsDue(t *testing.T) {
	t.Parallel()
	l := books(t)
	p := pay("p1", 3000)
	due := now.Add(48 * time.Hour)
	p.Due = due
	if _, _, err := l.Pay(p, now); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name              string
		at                time.Time
		booked, available int64
		known             int
	}{
		{"before it was entered", now.Add(-time.Nanosecond), 10000, 11000, 1},
		{"entered", now, 10000, 8000, 2},
		{"just before it is due", due.Add(-time.Nanosecond), 10000, 8000, 2},
		{"due", due, 7000, 8000, 2},
	}
	for _, tt := range tests {
		b := l.Balance("d1", tt.at)
		booked, pending := l.Entries("d1", tt.at)
		if b.Booked != tt.booked || b.Available() != tt.available || len(booked)+len(pending) != tt.known {
			t.Errorf("%s: booked %d, available %d, %d known", tt.name, b.Booked, b.Available(), len(booked)+len(pending))
		}
	}
}

func TestPeopleAndAccounts(t *testing.T) {
	t.Parallel()
	l := books(t)
	if err := l.AddPerson(ledger.Person{Bank: "b", Login: "dave"}); !fail.Is(err, fail.Conflict) {
		t.Errorf("second dave: %v", err)
	}
	if err := l.Open(ledger.Account{ID: "x", Bank: "b", Owner: "b/dave", Number: "222"}, nil); !fail.Is(err, fail.Conflict) {
		t.Errorf("taken number: %v", err)
	}
	if err := l.Open(ledger.Account{ID: "x", Bank: "b", Owner: "b/nobody"}, nil); !fail.Is(err, fail.NotFound) {
		t.Errorf("no owner: %v", err)
	}
	p, err := l.UpdatePerson("b/dave", func(p *ledger.Person) { p.Login, p.Locked = "eve", true })
	if err != nil || p.Login != "dave" || !p.Locked {
		t.Errorf("update: %+v, %v", p, err)
	}
	if !l.RemovePerson("b/dave") || l.RemovePerson("b/dave") || l.Account("d1") != nil || l.AccountByNumber("b", "111") != nil {
		t.Error("dave must go once, with his account")
	}
	if len(l.People("b")) != 1 || l.PersonByLogin("b", "jane") == nil {
		t.Error("jane must stay")
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	open, closed := ledger.Person{}, ledger.Person{Password: "s3cret"}
	if !open.PasswordIs("anything") || !closed.PasswordIs("s3cret") || closed.PasswordIs("S3cret") || closed.PasswordIs("") {
		t.Error("no password takes any; a password takes itself alone")
	}
}

// Two ledgers that began as one share their history until either writes.
func TestClonesDoNotReachEachOther(t *testing.T) {
	t.Parallel()
	a := books(t)
	a.Pay(pay("p0", 100), now) // the history has spare room now
	b := a.Still().Ledger()
	a.Pay(pay("p1", 1000), now)
	b.Pay(pay("p2", 2000), now)
	if x, y := a.Balance("d1", now).Booked, b.Balance("d1", now).Booked; x != 8900 || y != 7900 {
		t.Errorf("original %d, clone %d", x, y)
	}
	if a.Entry("d1", "p2-1", now) != nil || b.Entry("d1", "p1-1", now) != nil {
		t.Error("an entry crossed over")
	}
}

// A payment that is taken back leaves room that a later one fills; a clone from in between must not see that.
func TestUndoneEntriesStayInTheirClone(t *testing.T) {
	t.Parallel()
	l := books(t)
	l.Pay(pay("p0", 1), now)
	r := &store.Recorder{}
	l.Watch(r)
	l.Pay(pay("p1", 1000), now)
	l.Watch(nil)
	clone := l.Still().Ledger()
	if kept := r.Undo(); kept != 0 || l.Balance("d1", now).Booked != 9999 || l.Payment("b", "p1") != nil {
		t.Fatalf("%d changes kept, balance %d", kept, l.Balance("d1", now).Booked)
	}
	l.Pay(pay("p2", 2000), now)
	if clone.Entry("d1", "p1-1", now) == nil || clone.Entry("d1", "p2-1", now) != nil || clone.Balance("d1", now).Booked != 8999 {
		t.Errorf("the clone changed: balance %d", clone.Balance("d1", now).Booked)
	}
}

// Whatever is posted, in whatever order of booking, a balance is the sum of the entries booked by then.
func TestBalanceIsTheSumOfItsEntries(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := books(rt)
		n := rapid.IntRange(0, 40).Draw(rt, "n")
		for i := range n {
			at := now.Add(time.Duration(rapid.IntRange(-100, 100).Draw(rt, "hours")) * time.Hour)
			amount := rapid.Int64Range(-1e6, 1e6).Draw(rt, "amount")
			if err := l.Post(ledger.Entry{ID: fmt.Sprint("e", i), Account: "d1", Amount: amount, Entered: at, At: at}); err != nil {
				rt.Fatal(err)
			}
		}
		when := now.Add(time.Duration(rapid.IntRange(-120, 120).Draw(rt, "when")) * time.Hour)
		booked, _ := l.Entries("d1", when)
		var sum int64
		for i, e := range booked {
			sum += e.Amount
			if i > 0 && booked[i-1].At.After(e.At) {
				rt.Fatal("entries out of order")
			}
			if after := l.BalanceAfter(&e); i == len(booked)-1 && after != sum {
				rt.Fatalf("balance after the last entry is %d, not %d", after, sum)
			}
		}
		if got := l.Balance("d1", when).Booked; got != sum {
			rt.Fatalf("balance %d, sum %d", got, sum)
		}
	})
}

// A pending entry that is booked early counts from then on; the balance stays the sum, and a clone from before keeps its own.
func TestBookEarly(t *testing.T) {
	t.Parallel()
	l := books(t)
	later := now.Add(48 * time.Hour)
	for i, at := range []time.Time{later, later.Add(time.Hour), now.Add(-time.Hour)} {
		if err := l.Post(ledger.Entry{ID: fmt.Sprint("e", i), Account: "d1", Amount: int64(100 * (i + 1)), Entered: now.Add(-2 * time.Hour), At: at, Value: at}); err != nil {
			t.Fatal(err)
		}
	}
	clone, before := l.Still().Ledger(), l.Balance("d1", now)
	e, err := l.Book("d1", "e1", now)
	if err != nil || !e.At.Equal(now) || !e.Value.Equal(now) || !e.Entered.Equal(now.Add(-2*time.Hour)) {
		t.Fatalf("%+v, %v", e, err)
	}
	if b := l.Balance("d1", now); b.Booked != before.Booked+200 || b.Pending != before.Pending-200 {
		t.Errorf("%+v, before %+v", b, before)
	}
	if b := l.Balance("d1", now.Add(-1)); b.Booked != before.Booked {
		t.Errorf("an instant before, %+v", b)
	}
	if b := l.Balance("d1", later); b.Booked != before.Booked+200+100 {
		t.Errorf("later, %+v", b)
	}
	if clone.Balance("d1", now) != before {
		t.Error("the clone changed")
	}
	for _, tt := range []struct {
		account, id string
		at          time.Time
		kind        fail.Kind
	}{{"d1", "e1", now, fail.Conflict}, {"d1", "e2", now, fail.Conflict}, {"d1", "no", now, fail.NotFound}, {"no", "e0", now, fail.NotFound}, {"d1", "e0", now.Add(-3 * time.Hour), fail.NotFound}} {
		if _, err := l.Book(tt.account, tt.id, tt.at); !fail.Is(err, tt.kind) {
			t.Errorf("%s %s: %v, want %s", tt.account, tt.id, err, tt.kind)
		}
	}
}

func BenchmarkPay(b *testing.B) {
	l := books(b)
	l.Post(ledger.Entry{ID: "rich", Account: "d1", Amount: 1 << 60, At: now, Entered: now})
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		if _, _, err := l.Pay(pay(fmt.Sprint(i), 1), now); err != nil {
			b.Fatal(err)
		}
	}
}
