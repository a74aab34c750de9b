package seed

import (
	"time"

	"sandbank/server/dice"
	"sandbank/server/grant"
	"sandbank/server/ledger"
)

// plantEmpty plants into new books.
func plantEmpty(f *Fixtures, people int) error {
	at := time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)
	return f.Plant(ledger.New(), grant.New(dice.Seeded(1)), Options{Epoch: at, People: people})
}
