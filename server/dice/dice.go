// Package dice owns randomness: codes, token values, ids. One Dice per space.
//
// Without a seed it reads crypto/rand. With one it replays: two runs with one seed, driven alike, deal the same values in the same
// order, which makes tokens predictable; whoever starts a seeded sandbox is told so. Admin keys never come from here.
//
//	d := dice.Seeded(42)
//	d.Text(dice.Alnum, 40)
package dice

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	mrand "math/rand/v2"
	"sync"
)

// Alphabets.
const (
	Digits = "0123456789"
	Lower  = "abcdefghijklmnopqrstuvwxyz0123456789"
	Alnum  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// Dice deals random values; safe for concurrent use.
type Dice struct {
	mu     sync.Mutex
	seeded *mrand.ChaCha8 // nil: crypto/rand
}

// Real deals from crypto/rand.
func Real() *Dice { return &Dice{} }

// Seeded deals the same values in the same order for the same seed.
func Seeded(seed uint64) *Dice {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	copy(key[8:], "sandbank dice, replayable")
	return &Dice{seeded: mrand.NewChaCha8(key)}
}

// Replayable tells whether a seed is in force.
func (d *Dice) Replayable() bool { return d.seeded != nil }

// Fill fills p with random bytes.
func (d *Dice) Fill(p []byte) {
	if d.seeded == nil {
		rand.Read(p) // never fails (Go 1.24)
		return
	}
	d.mu.Lock()
	d.seeded.Read(p)
	d.mu.Unlock()
}

// Text deals n characters of the alphabet, each equally likely. The alphabet has at most 256 characters.
func (d *Dice) Text(alphabet string, n int) string {
	limit := 256 - 256%len(alphabet) // bytes from here on would favour the first letters
	out := make([]byte, 0, n)
	var buf [64]byte
	for len(out) < n {
		d.Fill(buf[:])
		for _, b := range buf {
			if int(b) < limit && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out)
}

// Base64 deals n random bytes as unpadded base64url.
func (d *Dice) Base64(n int) string {
	p := make([]byte, n)
	d.Fill(p)
	return base64.RawURLEncoding.EncodeToString(p)
}

// Between deals a number from low to high, both included.
func (d *Dice) Between(low, high int64) int64 {
	span := uint64(high - low + 1)
	limit := ^uint64(0) - ^uint64(0)%span
	var p [8]byte
	for {
		d.Fill(p[:])
		if v := binary.LittleEndian.Uint64(p[:]); v < limit {
			return low + int64(v%span)
		}
	}
}

// UUID deals a version 4 UUID (RFC 9562 §5.4).
func (d *Dice) UUID() string {
	var p [16]byte
	d.Fill(p[:])
	p[6], p[8] = p[6]&0x0f|0x40, p[8]&0x3f|0x80
	var out [36]byte
	hex.Encode(out[0:8], p[0:4])
	hex.Encode(out[9:13], p[4:6])
	hex.Encode(out[14:18], p[6:8])
	hex.Encode(out[19:23], p[8:10])
	hex.Encode(out[24:36], p[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}
