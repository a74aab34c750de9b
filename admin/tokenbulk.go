package admin

import (
	"fmt"
	"time"

	"sandbank/server/fail"
	"sandbank/server/grant"
)

// mostAtOnce is how many things one bulk change may name.
const mostAtOnce = 1000

// TokenBatch names tokens to end together, in one change that is taken back as one.
type TokenBatch struct {
	IDs []string   `json:"ids"`
	In  *Duration  `json:"in,omitempty"`  // of expire: in a while; without in and at, now
	At  *time.Time `json:"at,omitempty"`  // of expire
	Why string     `json:"why,omitempty"` // of revoke
}

// BatchDone says what became of them.
type BatchDone struct {
	Changed []string `json:"changed"`
	Kept    []string `json:"kept"` // were over already
}

func tokenBatchEndpoints() []endpoint {
	return []endpoint{
		{method: "POST", path: "/tokens/expire", op: "expireTokens", doc: "move the end of several tokens, in one change", in: TokenBatch{}, out: BatchDone{},
			do: order(func(r *request, o TokenBatch) (any, error) { return r.ExpireTokens(o) })},
		{method: "POST", path: "/tokens/revoke", op: "revokeTokens", doc: "revoke several tokens, in one change", in: TokenBatch{}, out: BatchDone{},
			do: order(func(r *request, o TokenBatch) (any, error) { return r.RevokeTokens(o) })},
	}
}

// ExpireTokens moves the end of several tokens.
func (d *Desk) ExpireTokens(o TokenBatch) (*BatchDone, error) {
	return d.onTokens("expire", EndOrder{In: o.In}.told(o.those()), o, func(t *grant.Token, now time.Time) error {
		at, err := EndOrder{In: o.In, At: o.At}.when(now)
		if err == nil {
			_, err = d.Space.Grants.EndAt(t.ID, at)
		}
		return err
	})
}

// RevokeTokens ends several tokens for good; their grants go on.
func (d *Desk) RevokeTokens(o TokenBatch) (*BatchDone, error) {
	why, err := Reason{o.Why}.or("revoked by a lever")
	if err != nil {
		return nil, err
	}
	return d.onTokens("revoke", "revoked "+o.those(), o, func(t *grant.Token, now time.Time) error {
		d.Space.Grants.RevokeToken(t.Value, "admin", why, now)
		return nil
	})
}

// those are the tokens of the batch, in words.
func (o TokenBatch) those() string {
	if len(o.IDs) == 1 {
		return shortened(o.IDs[0])
	}
	return fmt.Sprintf("%d tokens", len(o.IDs))
}

// onTokens changes those of a batch that are not over; an id that there is none of ends the whole change.
func (d *Desk) onTokens(verb, what string, o TokenBatch, change func(*grant.Token, time.Time) error) (*BatchDone, error) {
	if len(o.IDs) == 0 || len(o.IDs) > mostAtOnce {
		return nil, fail.Field("ids", "%d ids were given; 1 to %d can be", len(o.IDs), mostAtOnce)
	}
	out := &BatchDone{Changed: []string{}, Kept: []string{}}
	err := d.Space.Change("token."+verb, what, func() error {
		now := d.Space.Clock.Now()
		for _, id := range o.IDs {
			t, err := d.findToken(id)
			if err != nil {
				return err
			}
			if s := d.Space.Grants.State(t, now); s.Name == grant.StateRevoked || s.Name == grant.StateSpent {
				out.Kept = append(out.Kept, t.ID)
				continue
			}
			if err := change(t, now); err != nil {
				return err
			}
			out.Changed = append(out.Changed, t.ID)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
