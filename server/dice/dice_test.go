package dice_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"sandbank/server/dice"
)

func deal(d *dice.Dice) string {
	return d.Text(dice.Alnum, 20) + d.UUID() + d.Base64(9) + d.Text(dice.Digits, 7)
}

func TestSeededReplays(t *testing.T) {
	t.Parallel()
	a, b, other := dice.Seeded(7), dice.Seeded(7), dice.Seeded(8)
	for range 5 {
		x, y, z := deal(a), deal(b), deal(other)
		if x != y {
			t.Fatalf("one seed dealt %q and %q", x, y)
		}
		if x == z {
			t.Fatalf("two seeds dealt the same %q: the seed is dead", x)
		}
	}
	if x, y := deal(dice.Real()), deal(dice.Real()); x == y {
		t.Error("unseeded dice repeat")
	}
	if dice.Real().Replayable() || !dice.Seeded(1).Replayable() {
		t.Error("the dice do not say whether they replay")
	}
}

func TestTextKeepsToItsAlphabet(t *testing.T) {
	t.Parallel()
	d := dice.Seeded(1)
	seen := map[rune]int{}
	for range 100 {
		s := d.Text(dice.Digits, 101)
		if len(s) != 101 || strings.Trim(s, dice.Digits) != "" {
			t.Fatalf("dealt %q", s)
		}
		for _, r := range s {
			seen[r]++
		}
	}
	for _, r := range dice.Digits {
		if n := seen[r]; n < 800 || n > 1220 { // 1010 expected; nine sigma
			t.Errorf("%c came %d times of 10100", r, n)
		}
	}
}

func TestBetweenReachesBothEnds(t *testing.T) {
	t.Parallel()
	d, seen := dice.Seeded(1), map[int64]bool{}
	for range 1000 {
		v := d.Between(4, 6)
		if v < 4 || v > 6 {
			t.Fatalf("dealt %d", v)
		}
		seen[v] = true
	}
	if len(seen) != 3 {
		t.Errorf("dealt only %v", seen)
	}
}

func TestUUIDForm(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for _, d := range []*dice.Dice{dice.Real(), dice.Seeded(3)} {
		if u := d.UUID(); !form.MatchString(u) {
			t.Errorf("%q is no version 4 UUID", u)
		}
	}
}

func TestConcurrentDealsDiffer(t *testing.T) {
	t.Parallel()
	d := dice.Seeded(1)
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			s := d.Text(dice.Alnum, 22)
			mu.Lock()
			defer mu.Unlock()
			seen[s] = true
		})
	}
	wg.Wait()
	if len(seen) != 64 {
		t.Errorf("64 deals gave %d values", len(seen))
	}
}

func BenchmarkToken(b *testing.B) {
	d := dice.Real()
	b.ReportAllocs()
	for b.Loop() {
		_ = d.Base64(32)
	}
}
