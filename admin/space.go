package admin

import (
	"time"

	"sandbank/server/fail"
	"sandbank/server/world"
)

// SpaceView is one private world.
type SpaceView struct {
	Name string    `json:"name"`
	Base string    `json:"base"` // path prefix of everything in it; "" for the main one
	Key  string    `json:"key"`  // opens this space's levers and no other's
	Now  time.Time `json:"now"`
}

// SpaceOrder asks for spaces: by names, by count with random names, or one.
type SpaceOrder struct {
	Name  string   `json:"name,omitempty"`
	Names []string `json:"names,omitempty"`
	Count int      `json:"count,omitempty"`
}

func spaceEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/spaces", op: "spaces", doc: "all spaces", out: []SpaceView{}, do: func(r *request) (any, error) {
			if err := r.all(); err != nil {
				return nil, err
			}
			return r.Spaces(), nil
		}},
		{method: "POST", path: "/spaces", op: "createSpaces", doc: "one space, several by name, or a count of them", in: SpaceOrder{}, out: []SpaceView{}, status: 201,
			do: func(r *request) (any, error) {
				var o SpaceOrder
				if err := r.all(); err != nil {
					return nil, err
				}
				if err := r.decode(&o); err != nil {
					return nil, err
				}
				return r.CreateSpaces(o)
			}},
		{method: "DELETE", path: "/spaces/{name}", op: "deleteSpace", doc: "end a space with all in it", do: func(r *request) (any, error) {
			if err := r.all(); err != nil {
				return nil, err
			}
			return nil, r.World.Delete(r.params["name"])
		}},
	}
}

// Spaces are all, by name.
func (d *Desk) Spaces() []SpaceView {
	out := []SpaceView{}
	for _, s := range d.World.Spaces() {
		out = append(out, spaceView(s))
	}
	return out
}

func spaceView(s *world.Space) SpaceView {
	v := SpaceView{Name: s.Name, Key: s.Key, Now: s.Clock.Now()}
	if s.Name != world.Main {
		v.Base = "/s/" + s.Name
	}
	return v
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
	var out []SpaceView
	for _, name := range names {
		s, err := d.World.Create(name)
		if err != nil {
			for _, made := range out {
				d.World.Delete(made.Name)
			}
			return nil, err
		}
		out = append(out, spaceView(s))
	}
	return out, nil
}
