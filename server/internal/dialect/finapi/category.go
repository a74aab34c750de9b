package finapi

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
)

// category is one of the global categories. Each client must take the ids from the service: finAPI deals others in each environment.
type category struct {
	id, parent int64
	name       string
	of         string // the ledger's category that lands here
}

// categories is the tree, parents first, by id.
func categories() []category {
	return []category{
		{id: 100, name: "Lebenshaltung"},
		{id: 101, parent: 100, name: "Lebensmittel", of: "groceries"},
		{id: 102, parent: 100, name: "Bargeld", of: "cash"},
		{id: 103, parent: 100, name: "Shopping", of: "shopping"},
		{id: 200, name: "Wohnen & Haushalt"},
		{id: 201, parent: 200, name: "Miete", of: "rent"},
		{id: 202, parent: 200, name: "Energie, Wasser & Telefon", of: "utilities"},
		{id: 300, name: "Auto & Verkehr"},
		{id: 301, parent: 300, name: "Bus, Bahn & Tanken", of: "transport"},
		{id: 373, name: "Freizeit, Hobbys & Soziales"},
		{id: 374, parent: 373, name: "Essen gehen", of: "restaurant"},
		{id: 375, parent: 373, name: "Abos & Medien", of: "subscription"},
		{id: 376, parent: 373, name: "Reisen & Urlaub", of: "travel"},
		{id: 378, parent: 373, name: "Sport & Fitness"},
		{id: 400, name: "Gesundheit & Versicherungen"},
		{id: 401, parent: 400, name: "Gesundheit & Drogerie", of: "health"},
		{id: 402, parent: 400, name: "Versicherungen", of: "insurance"},
		{id: 500, name: "Einnahmen"},
		{id: 501, parent: 500, name: "Gehalt & Lohn", of: "salary"},
		{id: 502, parent: 500, name: "Zinsen", of: "interest"},
		{id: 600, name: "Finanzen"},
		{id: 601, parent: 600, name: "Sparen & Anlegen", of: "savings"},
		{id: 602, parent: 600, name: "Gebühren", of: "fees"},
		{id: 603, parent: 600, name: "Umbuchungen", of: "transfer"},
	}
}

// tree is the catalogue, made once; nobody writes to it.
var tree = sync.OnceValue(newCatalogue)

// catalogue finds categories by id and by what the ledger calls them.
type catalogue struct {
	byID map[int64]*shapeCategory
	of   map[string]*shapeCategory
	all  []*shapeCategory
}

type shapeCategory struct {
	ID         int64    `json:"id"`
	Name       string   `json:"name"`
	ParentID   *int64   `json:"parentId"`
	ParentName *string  `json:"parentName"`
	Custom     bool     `json:"isCustom"`
	Children   *[]int64 `json:"children"`
}

func newCatalogue() *catalogue {
	k := &catalogue{byID: map[int64]*shapeCategory{}, of: map[string]*shapeCategory{}}
	for _, one := range categories() {
		s := &shapeCategory{ID: one.id, Name: one.name}
		if parent := k.byID[one.parent]; parent != nil {
			s.ParentID, s.ParentName = &parent.ID, &parent.Name
			if parent.Children == nil {
				parent.Children = &[]int64{}
			}
			*parent.Children = append(*parent.Children, one.id)
		}
		k.byID[one.id], k.all = s, append(k.all, s)
		if one.of != "" {
			k.of[one.of] = s
		}
	}
	return k
}

type shapeCategories struct {
	Categories []*shapeCategory `json:"categories"`
	Paging     paging           `json:"paging"`
}

func listCategories(c *wire.Call) error {
	if _, err := asUser(c); err != nil {
		return err
	}
	q := search(c)
	ids, terms, custom := q.ids("ids"), q.one("search"), q.flag("isCustom")
	page, perPage := q.page()
	order := sorts(q, map[string]func(a, b *shapeCategory) int{
		"id":       func(a, b *shapeCategory) int { return cmp.Compare(a.ID, b.ID) },
		"name":     func(a, b *shapeCategory) int { return strings.Compare(a.Name, b.Name) },
		"isCustom": func(_, _ *shapeCategory) int { return 0 },
	}, "id")
	if q.err != nil {
		return c.Trail.No("parameters", fail.From(q.err))
	}

	all := slices.DeleteFunc(slices.Clone(tree().all), func(s *shapeCategory) bool {
		return ids != nil && !slices.Contains(ids, s.ID) || !holds(terms, s.Name) || custom != nil && *custom
	})
	slices.SortStableFunc(all, order)
	some, p := paged(all, page, perPage)

	return c.JSON(200, shapeCategories{some, p})
}

func showCategory(c *wire.Call) error {
	if _, err := asUser(c); err != nil {
		return err
	}
	id, err := pathID(c)
	if err != nil {
		return err
	}

	s := tree().byID[id]
	if s == nil {
		return c.Trail.No("category known", fail.New(fail.NotFound, "there is no category %d", id).Say("Category not found"))
	}

	return c.JSON(200, s)
}
