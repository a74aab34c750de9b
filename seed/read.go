package seed

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Read reads every *.json at the root of base and lays own over it: "" for nothing, a file, or a directory of *.json files. In an own
// file for a bank, people and clients whose login or id is known replace the embedded ones whole, others are added, and "replace": true
// drops all embedded ones first. All that is wrong with a file is told at once: the error joins one *Refusal per mistake.
func Read(base fs.FS, own string) (*Fixtures, error) {
	f := &Fixtures{}
	names, err := fs.Glob(base, "*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := fs.ReadFile(base, name)
		if err != nil {
			return nil, err
		}
		if err := f.lay(name, data, true); err != nil {
			return nil, err
		}
	}
	files, err := ownFiles(own)
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		data, err := os.ReadFile(name) // #nosec G304 -- a file that whoever starts the sandbox names
		if err != nil {
			return nil, err
		}
		if err := f.lay(name, data, false); err != nil {
			return nil, err
		}
	}
	if err := f.settle(); err != nil {
		return nil, err
	}
	return f, nil
}

// ownFiles are the files that the user's argument means, sorted.
func ownFiles(own string) ([]string, error) {
	if own == "" {
		return nil, nil
	}
	info, err := os.Stat(own)
	if err != nil || !info.IsDir() {
		return []string{own}, err
	}
	entries, err := os.ReadDir(own)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && path.Ext(e.Name()) == ".json" {
			files = append(files, filepath.Join(own, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, errors.New(own + ": the directory has no .json file")
	}
	return files, nil
}

// lay puts one file over what is there. Only base files may bring a bank that is not there yet.
func (f *Fixtures) lay(file string, data []byte, base bool) error {
	next, d := parse(file, bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))) // some editors write a byte order mark
	if len(d.refusals) > 0 {
		return errors.Join(d.refusals...)
	}
	at := slices.IndexFunc(f.Banks, func(b Bank) bool { return b.Bank == next.Bank })
	switch {
	case at >= 0:
		f.Banks[at] = f.Banks[at].under(next)
		return nil
	case !base:
		d.refuse("bank", "%q is no bank here; one of %s", next.Bank, strings.Join(f.names(), ", "))
	default:
		for _, need := range [][2]string{{"country", next.Country}, {"currency", next.Currency}, {"ids", next.IDs}} {
			d.need(need[0], need[1])
		}
		f.Banks = append(f.Banks, next)
		slices.SortFunc(f.Banks, func(a, b Bank) int { return cmp.Compare(a.Bank, b.Bank) })
	}
	return errors.Join(d.refusals...)
}

func (f *Fixtures) names() (out []string) {
	for _, b := range f.Banks {
		out = append(out, b.Bank)
	}
	return out
}

// under is the bank with another file over it.
func (b Bank) under(top Bank) Bank {
	if top.Replace {
		b.Clients, b.People = nil, nil
	}
	if top.Country != "" {
		b.Country, b.Prefix = top.Country, top.Prefix // checked as a pair
	}
	b.Currency, b.BIC, b.IDs = cmp.Or(top.Currency, b.Currency), cmp.Or(top.BIC, b.BIC), cmp.Or(top.IDs, b.IDs)
	b.Cards = cmp.Or(top.Cards, b.Cards)
	b.Crowd = cmp.Or(top.Crowd, b.Crowd)
	b.Clients = over(b.Clients, top.Clients, func(c Client) string { return c.ID })
	b.People = over(b.People, top.People, func(p Person) string { return p.Login })
	return b
}

// over replaces what has the same key and adds the rest at the end.
func over[T any](below, top []T, key func(T) string) []T {
	out := slices.Clone(below)
	for _, t := range top {
		if at := slices.IndexFunc(out, func(v T) bool { return key(v) == key(t) }); at >= 0 {
			out[at] = t
		} else {
			out = append(out, t)
		}
	}
	return out
}

// settle checks what shows only once all files lie over each other: references, and numbers that must be unique.
func (f *Fixtures) settle() error {
	ids := map[string]bool{} // unique in the ledger, so over all banks
	var refusals []error
	for i := range f.Banks {
		b := &f.Banks[i]
		b.references()
		b.checkNumbers(ids)
		for _, d := range b.documents() {
			refusals = append(refusals, d.refusals...)
		}
	}
	return errors.Join(refusals...)
}

// checkNumbers refuses numbers of accounts that are wrong or given twice, and fills in those that an IBAN implies; ids are those seen so
// far at all banks.
func (b *Bank) checkNumbers(ids map[string]bool) {
	numbers := map[string]bool{}
	for _, p := range b.People {
		d := p.from.doc
		for j := range p.Accounts {
			a := &p.Accounts[j]
			if a.Number == "" && a.IBAN != "" {
				a.Number = domesticOf(a.IBAN)
			}
			b.checkNumber(d, a)
			d.once(ids, a.ID, join(a.at, "id"), "account id")
			if d.once(numbers, a.IBAN, join(a.at, "iban"), "IBAN") && a.Number != a.IBAN {
				d.once(numbers, a.Number, join(a.at, "number"), "account number")
			}
		}
	}
}

// documents are the files that people and clients of the bank come from.
func (b *Bank) documents() (out []*document) {
	for _, p := range b.People {
		if !slices.Contains(out, p.from.doc) {
			out = append(out, p.from.doc)
		}
	}
	for _, c := range b.Clients {
		if !slices.Contains(out, c.from.doc) {
			out = append(out, c.from.doc)
		}
	}
	return out
}

// references refuses names of people and clients that the bank does not have.
func (b *Bank) references() {
	logins, ids := map[string]bool{}, map[string]bool{}
	for _, p := range b.People {
		logins[p.Login] = true
	}
	for _, c := range b.Clients {
		ids[c.ID] = true
		if c.Service != nil && !logins[c.Service.Login] {
			c.from.doc.refuse(join(c.from.path, "service.login"), "no person %q at %s", c.Service.Login, b.Bank)
		}
	}
	for _, p := range b.People {
		if p.Client != "" && !ids[p.Client] {
			p.from.doc.refuse(join(p.from.path, "client"), "no client %q at %s", p.Client, b.Bank)
		}
	}
}
