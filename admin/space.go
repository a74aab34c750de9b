package admin

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"sandbank/server/fail"
	"sandbank/server/world"
)

// SpaceView is one private world.
type SpaceView struct {
	Name  string      `json:"name"`
	Base  string      `json:"base"` // path prefix of everything in it; "" for the main one
	URL   string      `json:"url"`  // the same, absolute
	Key   string      `json:"key"`  // opens this space's levers and no other's
	Now   time.Time   `json:"now"`
	Idle  *Duration   `json:"idle,omitempty"`  // how long it lives without traffic, in real time; missing: for ever
	Ends  *time.Time  `json:"ends,omitempty"`  // when it goes if nobody calls before, in real time
	Banks []SpaceBank `json:"banks,omitempty"` // who may enter; not in the list of all

	OneTimeCode string `json:"oneTimeCode,omitempty"` // where the second factor is told, at banks that ask for one
}

// SpaceBank is who may enter at one bank of a space.
type SpaceBank struct {
	Bank    string        `json:"bank"`
	URL     string        `json:"url"`
	Clients []SpaceClient `json:"clients"`
	People  []SpacePerson `json:"people"` // the first ten
}

// SpaceClient is a client's credentials.
type SpaceClient struct {
	ID      string        `json:"id"`
	Secret  string        `json:"secret,omitempty"`  // empty: none, PKCE instead
	Service *SpaceService `json:"service,omitempty"` // its service account
}

// SpaceService is a service account's credentials.
type SpaceService struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

// SpacePerson is a login.
type SpacePerson struct {
	Login    string `json:"login"`
	Password string `json:"password"` // "any": whatever is typed
}

// SpaceList is a part of all spaces, by name.
type SpaceList struct {
	Items   []SpaceView `json:"items"`
	Next    string      `json:"next,omitempty"`
	Dropped int64       `json:"dropped"` // how many went so far because they were idle
	Deleted []GoneSpace `json:"deleted"` // what can be restored, the last first
}

// GoneSpace is a deleted space that can be restored: its state and key, not its journal.
type GoneSpace struct {
	Name    string       `json:"name"`
	Deleted time.Time    `json:"deleted"` // real time
	Counts  world.Counts `json:"counts"`
}

// SpaceOrder asks for spaces: by names, by count with random names, or one.
type SpaceOrder struct {
	Name  string   `json:"name,omitempty"`
	Names []string `json:"names,omitempty"`
	Count int      `json:"count,omitempty"`
	Idle  Duration `json:"idle,omitempty"` // how long each lives without traffic, in real time; 0s: for ever
}

// SpaceChange changes how long a space lives.
type SpaceChange struct {
	Idle *Duration `json:"idle"` // 0s: for ever
}

func spaceEndpoints() []endpoint {
	const one = "/spaces/{name}"
	return []endpoint{
		{method: "GET", path: "/spaces", op: "spaces", doc: "all spaces, and which deleted ones can be restored", query: listQuery(), out: SpaceList{},
			do: everywhere(func(r *request) (any, error) {
				w, err := r.window()
				if err != nil {
					return nil, err
				}
				return r.Spaces(w)
			})},
		{method: "POST", path: "/spaces", op: "createSpaces", doc: "one space, several by name, or a count of them; each with key and credentials", in: SpaceOrder{}, out: []SpaceView{}, status: 201,
			do: everywhere(func(r *request) (any, error) {
				var o SpaceOrder
				if err := r.decode(&o); err != nil {
					return nil, err
				}
				made, err := r.CreateSpaces(o)
				return spacesMade(made), err
			})},
		{method: "GET", path: one, op: "space", doc: "one space with key and credentials", out: SpaceView{}, do: inside(func(r *request) (any, error) { return r.ShowSpace(r.params["name"]) })},
		{method: "PATCH", path: one, op: "changeSpace", doc: "how long it lives without traffic", in: SpaceChange{}, out: SpaceView{},
			do: everywhere(func(r *request) (any, error) {
				var c SpaceChange
				if err := r.decode(&c); err != nil {
					return nil, err
				}
				return r.ChangeSpace(r.params["name"], c)
			})},
		{method: "POST", path: one + "/reset", op: "resetSpace", doc: "begin a space anew, with a snapshot before; answers as its creation did", out: SpaceView{},
			do: inside(func(r *request) (any, error) { return r.ResetSpace(r.params["name"]) })},
		{method: "POST", path: one + "/restore", op: "restoreSpace", doc: "bring a deleted space back: its state and its key, not its journal", out: SpaceView{},
			do: everywhere(func(r *request) (any, error) { return r.RestoreSpace(r.params["name"]) })},
		{method: "DELETE", path: one, op: "deleteSpace", doc: "end a space with all in it; the last ten can be restored",
			do: everywhere(func(r *request) (any, error) { return nil, r.World.Delete(r.params["name"]) })},
	}
}

// everywhere is for the admin key alone.
func everywhere(do func(*request) (any, error)) func(*request) (any, error) {
	return func(r *request) (any, error) {
		if err := r.all(); err != nil {
			return nil, err
		}
		return do(r)
	}
}

// inside is for the admin key, and for the space's own in that space.
func inside(do func(*request) (any, error)) func(*request) (any, error) {
	return func(r *request) (any, error) {
		if r.params["name"] != r.Space.Name {
			return everywhere(do)(r)
		}
		return do(r)
	}
}

// Spaces are all, by name.
func (d *Desk) Spaces(w Window) (*SpaceList, error) {
	after, err := base64.RawURLEncoding.DecodeString(w.Cursor)
	if err != nil {
		return nil, fail.Field("cursor", "%q is no cursor; take next of the answer before", w.Cursor)
	}
	_, size, _ := Window{Limit: w.Limit}.open()
	all := d.World.Spaces()
	from, found := slices.BinarySearchFunc(all, string(after), func(s *world.Space, name string) int { return strings.Compare(s.Name, name) })
	if found {
		from++
	}
	all = all[from:]
	out := SpaceList{Items: []SpaceView{}, Dropped: d.World.Dropped(), Deleted: []GoneSpace{}}
	for i, s := range all[:min(size, len(all))] {
		out.Items = append(out.Items, d.spaceView(s))
		if i == size-1 && len(all) > size {
			out.Next = base64.RawURLEncoding.EncodeToString([]byte(s.Name))
		}
	}
	for _, g := range d.World.Deleted() {
		out.Deleted = append(out.Deleted, GoneSpace{g.Name, g.At, g.State.Counts()})
	}
	return &out, nil
}

func (d *Desk) spaceView(s *world.Space) SpaceView {
	v := SpaceView{Name: s.Name, Key: s.Key, Now: s.Clock.Now()}
	if v.Base = d.Lead(); s.Name != world.Main {
		v.Base += "/s/" + s.Name
	}
	v.URL = d.Origin + v.Base
	if idle, ends := Duration(s.Idle()), s.Ends(); idle > 0 {
		v.Idle, v.Ends = &idle, &ends
	}
	return v
}

// mostTold is how many logins are told of each bank.
const mostTold = 10

// wholeView is a space with who may enter.
func (d *Desk) wholeView(s *world.Space) SpaceView {
	v := d.spaceView(s)
	v.OneTimeCode = "shown on the page that asks for it"
	s.Gate.RLock()
	defer s.Gate.RUnlock()
	for _, bank := range d.Banks {
		b := SpaceBank{Bank: bank, URL: v.URL + "/" + bank, Clients: []SpaceClient{}, People: []SpacePerson{}}
		for _, c := range s.Grants.Clients(bank) {
			one := SpaceClient{ID: c.ID}
			if len(c.Secrets) > 0 {
				one.Secret = c.Secrets[0].Value
			}
			if c.Service != nil {
				one.Service = &SpaceService{c.Service.ID, c.Service.Secret}
			}
			b.Clients = append(b.Clients, one)
		}
		people := s.Ledger.People(bank)
		for _, p := range people[:min(mostTold, len(people))] {
			one := SpacePerson{p.Login, p.Password}
			if p.Password == "" {
				one.Password = "any"
			}
			b.People = append(b.People, one)
		}
		v.Banks = append(v.Banks, b)
	}
	return v
}

// space finds one by its name.
func (d *Desk) space(name string) (*world.Space, error) {
	if s := d.World.Space(name); s != nil {
		return s, nil
	}
	return nil, fail.New(fail.NotFound, "there is no space %q", name)
}

// ShowSpace is one space with its credentials.
func (d *Desk) ShowSpace(name string) (*SpaceView, error) {
	s, err := d.space(name)
	if err != nil {
		return nil, err
	}
	v := d.wholeView(s)
	return &v, nil
}

// CreateSpaces makes all spaces of an order, or none.
func (d *Desk) CreateSpaces(o SpaceOrder) ([]SpaceView, error) {
	names := o.Names
	switch {
	case o.Count < 0 || o.Count > world.MaxSpaces:
		return nil, fail.Field("count", "%d is not from 1 to %d", o.Count, world.MaxSpaces)
	case len(names) > 0 && (o.Name != "" || o.Count > 0), o.Name != "" && o.Count > 0:
		return nil, fail.Field("names", "give name, names or count, not several")
	case o.Count > 0:
		names = make([]string, o.Count)
	case len(names) == 0:
		names = []string{o.Name}
	}
	made, err := d.World.CreateAll(names, time.Duration(o.Idle))
	if err != nil {
		return nil, err
	}
	out := make([]SpaceView, len(made))
	for i, s := range made {
		out[i] = d.wholeView(s)
	}
	return out, nil
}

// spacesMade are new spaces, as an answer.
type spacesMade []SpaceView

// String names them in one line.
func (made spacesMade) String() string {
	names := make([]string, len(made))
	for i, s := range made {
		names[i] = s.Name
	}
	if n := len(names); n > 5 {
		return fmt.Sprintf("Created %d spaces: %s to %s", n, names[0], names[n-1])
	}
	return "Created " + strings.Join(names, ", ")
}

// ChangeSpace changes how long a space lives. It can be taken back in that space.
func (d *Desk) ChangeSpace(name string, c SpaceChange) (*SpaceView, error) {
	s, err := d.space(name)
	switch {
	case err != nil:
		return nil, err
	case c.Idle == nil:
		return nil, fail.Field("idle", "a duration is needed; 0s is for ever")
	}
	if err := s.Live(time.Duration(*c.Idle)); err != nil {
		return nil, err
	}
	return d.ShowSpace(name)
}

// ResetSpace begins a space anew. It can be taken back in that space.
func (d *Desk) ResetSpace(name string) (*SpaceView, error) {
	s, err := d.space(name)
	if err != nil {
		return nil, err
	}
	if _, _, err := s.Reset(world.Everything); err != nil {
		return nil, err
	}
	v := d.wholeView(s)
	return &v, nil
}

// RestoreSpace brings a deleted space back.
func (d *Desk) RestoreSpace(name string) (*SpaceView, error) {
	s, err := d.World.Revive(name)
	if err != nil {
		return nil, err
	}
	v := d.wholeView(s)
	return &v, nil
}
