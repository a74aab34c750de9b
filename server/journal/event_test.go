package journal_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"sandbank/server/journal"
)

var noon = time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)

// drain polls until there is nothing more.
func drain(f *journal.Follower) (ids []uint64, lost uint64) {
	for {
		e, l := f.Poll()
		lost += l
		if e == nil {
			return ids, lost
		}
		ids = append(ids, e.ID)
	}
}

func TestFollowersReadInOrder(t *testing.T) {
	t.Parallel()
	j := journal.New(300)
	for range 5 {
		j.Append(&journal.Entry{At: noon})
	}
	tests := []struct {
		after uint64
		want  string
	}{{0, "[1 2 3 4 5 6]"}, {3, "[4 5 6]"}, {5, "[6]"}, {99, "[6]"}, {1<<64 - 1, "[6]"}}
	var all []*journal.Follower
	for _, tt := range tests {
		all = append(all, j.Follow(tt.after))
	}
	j.Tell(&journal.Event{At: noon, Type: journal.ClockMoved})
	for i, tt := range tests {
		if ids, lost := drain(all[i]); fmt.Sprint(ids) != tt.want || lost != 0 {
			t.Errorf("after %d: %v, %d lost; want %s", tt.after, ids, lost, tt.want)
		}
		<-all[i].Wake()
		all[i].Close()
	}
	if j.Followers() != 0 || j.LastEvent() != 6 || j.Total() != 5 {
		t.Errorf("%d followers, %d events, %d entries", j.Followers(), j.LastEvent(), j.Total())
	}
}

func TestSlowFollowersLoseTheOldest(t *testing.T) {
	t.Parallel()
	j := journal.New(256)
	f := j.Follow(0)
	defer f.Close()
	for range 256 + 44 {
		j.Append(&journal.Entry{})
	}
	ids, lost := drain(f)
	if len(ids) != 256 || ids[0] != 45 || lost != 44 {
		t.Errorf("%d events from %d on, %d lost", len(ids), ids[0], lost)
	}
}

func TestClearForgets(t *testing.T) {
	t.Parallel()
	j := journal.New(3)
	for range 5 {
		j.Append(&journal.Entry{})
	}
	old := j.Follow(0)
	defer old.Close()
	j.Clear(noon)
	j.Append(&journal.Entry{})
	if ids, lost := drain(old); fmt.Sprint(ids) != "[6 7]" || lost != 0 {
		t.Errorf("events %v, %d lost", ids, lost)
	}
	if got := j.Recent(9, nil); len(got) != 1 || got[0].ID != 6 || j.Dropped() != 2 || j.Total() != 6 {
		t.Errorf("%d entries, %d dropped of %d", len(got), j.Dropped(), j.Total())
	}
}

// Whoever follows at its own pace gets every event once, in order, or is told how many it missed.
func TestFollowersUnderRaceMissNothingUnsaid(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 2000
	j := journal.New(1000)
	var readers, all sync.WaitGroup
	for range 4 {
		f := j.Follow(0)
		readers.Go(func() {
			defer f.Close()
			var seen, missed, last uint64
			for seen+missed < writers*each {
				e, lost := f.Poll()
				missed += lost
				if e == nil {
					<-f.Wake()
					continue
				}
				if e.ID <= last {
					t.Errorf("%d after %d", e.ID, last)
					return
				}
				last = e.ID
				seen++
			}
			if last != writers*each {
				t.Errorf("the last is %d", last)
			}
		})
	}
	for range writers {
		all.Go(func() {
			for range each {
				j.Append(&journal.Entry{})
			}
		})
	}
	all.Wait()
	readers.Wait()
}

func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{0, 1, 10} {
		b.Run(fmt.Sprintf("followers=%d", n), func(b *testing.B) {
			j := journal.New(2000)
			done := make(chan struct{})
			for range n {
				f := j.Follow(0)
				go func() {
					for {
						if e, _ := f.Poll(); e != nil {
							continue
						}
						select {
						case <-f.Wake():
						case <-done:
							return
						}
					}
				}()
			}
			b.ReportAllocs()
			for b.Loop() {
				j.Append(&journal.Entry{Status: 200})
			}
			close(done)
		})
	}
}
