package world

import (
	"testing"
	"time"

	"sandbank/server/grant"
	"sandbank/server/journal"
)

// A token whose end is moved to where the clock has been already ends at once: no look would find it any more.
func TestEndsMovedToThePast(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name    string
		was, is time.Duration // from now; 0: never ends
		want    []journal.Type
	}{
		{"to now", time.Minute, -time.Nanosecond, []journal.Type{journal.TokenRetimed, journal.TokenExpired}},
		{"from never to the past", 0, -time.Hour, []journal.Type{journal.TokenRetimed, journal.TokenExpired}},
		{"of a dead one", -time.Minute, -time.Hour, []journal.Type{journal.TokenRetimed}},
		{"to later", time.Minute, time.Hour, []journal.Type{journal.TokenRetimed}},
		{"to never", time.Minute, 0, []journal.Type{journal.TokenRetimed}},
	}
	for _, tt := range tests {
		w, err := New(Options{Start: now, Frozen: true})
		if err != nil {
			t.Fatal(err)
		}
		s := w.Space(Main)
		at := func(d time.Duration) time.Time {
			if d == 0 {
				return time.Time{}
			}
			return now.Add(d)
		}
		f := s.Follow(Newest)
		s.hear(grant.News{What: grant.WasRetimed, Token: &grant.Token{ID: "at_1", Expires: at(tt.is)}, Ends: at(tt.is), Was: at(tt.was)})
		for _, want := range tt.want {
			if e, _ := f.Poll(); e == nil || e.Type != want || e.Subject.ID != "at_1" {
				t.Errorf("%s: %+v, want %s", tt.name, e, want)
			}
		}
		if e, _ := f.Poll(); e != nil {
			t.Errorf("%s: %s too much", tt.name, e.Type)
		}
		f.Close()
	}
}

// An end that no number of nanoseconds tells is far ahead, and no reason to look all the time.
func TestFarEndsAreNotLookedFor(t *testing.T) {
	t.Parallel()
	w, err := New(Options{Start: time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	s, far := w.Space(Main), time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	s.look(true)
	s.hear(grant.News{What: grant.WasIssued, Token: &grant.Token{ID: "at_1", Expires: far}, Ends: far})
	if wait := s.look(false); wait < time.Minute {
		t.Errorf("the next look is in %s", wait)
	}
}
