// Package seed turns fixtures into a world: it reads people, accounts and clients from one JSON file per bank, lays the user's own file
// over them, invents years of spending behind every balance, and plants all of it in a ledger and a client registry.
//
// It owns the fixture format and the histories, and two promises. First: a file that is not understood is refused with file, line,
// column, path and reason; a typo never becomes a silent default. What Read accepts, Plant can plant into empty books. Second: the same
// inputs give the same people, numbers and entries. All chance comes from a PCG keyed by the seed and by a stable name (a login, an
// account and a month), never from a global generator or a clock, so that adding a person leaves everybody else as they were. Only
// tokens are random, and those are not made here. Without a seed, DefaultSeed is in force.
//
// The books end where the world begins: entries lead up to Options.Epoch, what the clock of the space shows at its start, and the
// booked ones add up to the balance in the file to the last cent. Histories are made when somebody first looks, so a thousand invented
// people cost milliseconds.
//
// It may know ledger and grant, which it fills, and world, to whose spaces it brings new people. It may not know any bank: what differs between them (the form of account ids, the
// prefix of account numbers, facts that one API alone shows) is data in the fixture.
//
//	f, err := seed.Read(fixtures.FS, "my-people.json")
//	…
//	err = f.Plant(l, g, seed.Options{Epoch: now, People: 30})
package seed

// DefaultSeed is the seed when none is given. It is fixed so that dave's groceries are the same at every start and in every README.
const DefaultSeed uint64 = 4711

// DefaultMonths is the length of a history when none is given.
const DefaultMonths = 24

// MaxMonths is the longest history.
const MaxMonths = 120
