package grant

import (
	"container/heap"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"sync"
	"time"

	"sandbank/server/dice"
)

// NonceLife is how long a nonce is the present one. The one before is still taken.
const NonceLife = 5 * time.Minute

// mostSeen is how many ids of assertions and proofs are remembered. When there are more, the one that ends first goes before its end.
const mostSeen = 100_000

// signatures is what a server remembers of what clients sign: which ids were used, and the key that its nonces are made with. The zero
// value remembers nothing. It is no part of a snapshot.
type signatures struct {
	lock  sync.Mutex
	ends  map[[sha256.Size]byte]bool
	queue endings
	nonce []byte
}

type used struct {
	id    [sha256.Size]byte
	until time.Time
}

// endings is a heap of what was used, by its end.
type endings []used

func (e endings) Len() int           { return len(e) }
func (e endings) Less(i, j int) bool { return e[i].until.Before(e[j].until) }
func (e endings) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *endings) Push(v any)        { *e = append(*e, v.(used)) }
func (e *endings) Pop() any {
	last := len(*e) - 1
	v := (*e)[last]
	*e = (*e)[:last]
	return v
}

// Once tells whether something that is named by these parts is used for the first time, and remembers it until its end: of many callers
// one is told so. Where the clock is moved on past that end and back again, it is new once more.
func (g *Grants) Once(until, now time.Time, parts ...string) bool {
	s := &g.signatures
	id := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	s.lock.Lock()
	defer s.lock.Unlock()
	for len(s.queue) > 0 && !now.Before(s.queue[0].until) {
		delete(s.ends, heap.Pop(&s.queue).(used).id)
	}
	if s.ends[id] {
		return false
	}
	if s.ends == nil {
		s.ends = map[[sha256.Size]byte]bool{}
	}
	s.ends[id] = true
	heap.Push(&s.queue, used{id, until})
	if len(s.queue) > mostSeen {
		delete(s.ends, heap.Pop(&s.queue).(used).id)
	}
	return true
}

// Nonce is the one that a bank gives out at now (RFC 9449 §8). It follows from the clock, so that there is none to keep.
func (g *Grants) Nonce(bank string, now time.Time) string {
	s := &g.signatures
	s.lock.Lock()
	if s.nonce == nil {
		s.nonce = []byte(g.dice.Text(dice.Alnum, 43))
	}
	key := s.nonce
	s.lock.Unlock()
	sum := hmac.New(sha256.New, key)
	sum.Write(binary.BigEndian.AppendUint64([]byte(bank+" "), uint64(now.Truncate(NonceLife).Unix())))
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:18])
}

// NonceIs tells whether a nonce is the bank's present one or the one before.
func (g *Grants) NonceIs(nonce, bank string, now time.Time) bool {
	return Same(nonce, g.Nonce(bank, now)) || Same(nonce, g.Nonce(bank, now.Add(-NonceLife)))
}
