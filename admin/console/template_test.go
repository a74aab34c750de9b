package console_test

import (
	"fmt"
	"html/template"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/template/parse"

	"sandbank/admin/console"
	"sandbank/server"
)

// No template names what is not there. A page is rendered by other tests with what their sandbox happens to hold; here every branch of
// every screen is walked with the types of what it would be given, so that a field or method that no value has is found before a reader
// finds it. Where a type is not known before there is a value (any), the walk stops.
func TestTemplatesNameWhatIsThere(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "").furnish()
	for _, path := range s.paths() {
		s.Get(path)
	}
	roots := s.shown.types()
	maps.Copy(roots, console.Frames())
	w := &reading{t: t, trees: console.Trees(), functions: console.Functions(), walked: map[string]bool{}, met: map[reflect.Type]bool{}}
	for _, name := range slices.Sorted(maps.Keys(roots)) {
		w.template(name, kind{Type: roots[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(w.trees)) {
		if !strings.HasSuffix(name, ".html") && !slices.ContainsFunc(slices.Collect(maps.Keys(w.walked)), func(w string) bool { return strings.HasPrefix(w, name+" ") }) {
			t.Errorf("nothing shows the template %q", name)
		}
	}
	for of := range w.met {
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() == reflect.Struct {
			if _, ok := of.FieldByName("visit"); ok {
				t.Errorf("%s embeds the visit, so that the program carries all its methods once more: let it have a field V", of)
			}
		}
	}
	t.Logf("%d pages and %d names", len(roots), w.names)
	if len(roots) < 40 || w.names < 1000 {
		t.Errorf("only %d pages and %d names were looked at", len(roots), w.names)
	}
}

// sightings are the types that pages had when they were shown, by the name of the template.
type sightings struct {
	sync.Mutex
	seen map[string]reflect.Type
}

func (s *sightings) saw(name string, data any) {
	s.Lock()
	defer s.Unlock()
	if s.seen == nil {
		s.seen = map[string]reflect.Type{}
	}
	s.seen[name] = reflect.TypeOf(data)
}

func (s *sightings) types() map[string]reflect.Type {
	s.Lock()
	defer s.Unlock()
	return maps.Clone(s.seen)
}

// kind is what is known of a value before there is one: its type, or the parts that dict gave it. Neither: nothing.
type kind struct {
	reflect.Type
	parts map[string]kind
}

func (k kind) String() string {
	if k.Type == nil {
		return fmt.Sprint(slices.Sorted(maps.Keys(k.parts)))
	}
	return k.Type.String()
}

// reading goes through templates with the types of what they are given.
type reading struct {
	t         testing.TB
	trees     map[string]*parse.Tree
	functions template.FuncMap
	walked    map[string]bool // "name type"
	met       map[reflect.Type]bool
	names     int // of fields and methods that were looked for
	tree      *parse.Tree
	vars      []variable
}

type variable struct {
	name string
	kind kind
}

// template walks one template, once for each type of what it is given.
func (w *reading) template(name string, dot kind) {
	tree, key := w.trees[name], name+" "+dot.String()
	if tree == nil {
		w.t.Errorf("there is no template %q", name)
		return
	}
	if w.walked[key] {
		return
	}
	w.walked[key] = true
	outer, vars := w.tree, w.vars
	w.tree, w.vars = tree, []variable{{"$", dot}}
	w.list(tree.Root, dot)
	w.tree, w.vars = outer, vars
}

func (w *reading) list(list *parse.ListNode, dot kind) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			w.pipe(n.Pipe, dot)
		case *parse.IfNode:
			w.branch(&n.BranchNode, dot, func(of kind) kind { return dot })
		case *parse.WithNode:
			w.branch(&n.BranchNode, dot, func(of kind) kind { return of })
		case *parse.RangeNode:
			w.branch(&n.BranchNode, dot, func(of kind) kind { return w.each(n.Pipe, of) })
		case *parse.TemplateNode:
			w.template(n.Name, w.pipe(n.Pipe, dot))
		}
	}
}

// branch walks both ways; inner is the dot of the first.
func (w *reading) branch(n *parse.BranchNode, dot kind, inner func(kind) kind) {
	outer := len(w.vars)
	of := w.pipe(n.Pipe, dot)
	before := len(w.vars)
	w.list(n.List, inner(of))
	w.vars = w.vars[:before]
	w.list(n.ElseList, dot)
	w.vars = w.vars[:outer]
}

// each is what a range gives: its dot, and its variables.
func (w *reading) each(pipe *parse.PipeNode, of kind) kind {
	key, item := kind{}, kind{}
	if of.Type != nil {
		switch of.Kind() {
		case reflect.Slice, reflect.Array:
			key, item = kind{Type: reflect.TypeFor[int]()}, kind{Type: of.Elem()}
		case reflect.Map:
			key, item = kind{Type: of.Key()}, kind{Type: of.Elem()}
		case reflect.Int:
			key, item = of, of
		case reflect.Interface:
		default:
			w.t.Errorf("%s: range over %s", w.at(pipe), of)
		}
	}
	own := w.vars[len(w.vars)-len(pipe.Decl):]
	switch len(own) {
	case 1:
		own[0].kind = item
	case 2:
		own[0].kind, own[1].kind = key, item
	}
	return item
}

func (w *reading) pipe(pipe *parse.PipeNode, dot kind) kind {
	if pipe == nil {
		return kind{}
	}
	var out kind
	for i, command := range pipe.Cmds {
		out = w.command(command, dot, i > 0)
	}
	for _, v := range pipe.Decl {
		if !pipe.IsAssign {
			w.vars = append(w.vars, variable{v.Ident[0], out})
		}
	}
	return out
}

// command is a value, or a call with what follows it; piped tells whether one more argument comes from the command before.
func (w *reading) command(c *parse.CommandNode, dot kind, piped bool) kind {
	var args []kind
	for _, a := range c.Args[1:] {
		args = append(args, w.value(a, dot, nil, 0))
	}
	more := 0
	if piped {
		more = 1
	}
	if f, ok := c.Args[0].(*parse.IdentifierNode); ok {
		return w.function(f, c.Args[1:], args, more)
	}
	return w.value(c.Args[0], dot, args, more)
}

// value is what a node stands for, called with args where it ends in a method.
func (w *reading) value(node parse.Node, dot kind, args []kind, more int) kind {
	switch n := node.(type) {
	case *parse.DotNode:
		return dot
	case *parse.FieldNode:
		return w.chain(n, dot, n.Ident, args, more)
	case *parse.VariableNode:
		for _, v := range slices.Backward(w.vars) {
			if v.name == n.Ident[0] {
				return w.chain(n, v.kind, n.Ident[1:], args, more)
			}
		}
	case *parse.ChainNode:
		return w.chain(n, w.value(n.Node, dot, nil, 0), n.Field, args, more)
	case *parse.PipeNode:
		return w.pipe(n, dot)
	case *parse.IdentifierNode:
		return w.function(n, nil, nil, more)
	case *parse.StringNode:
		return kind{Type: reflect.TypeFor[string]()}
	case *parse.BoolNode:
		return kind{Type: reflect.TypeFor[bool]()}
	}
	return kind{}
}

func (w *reading) chain(node parse.Node, of kind, names []string, args []kind, more int) kind {
	for i, name := range names {
		if i == len(names)-1 {
			of = w.part(node, of, name, args, more)
		} else {
			of = w.part(node, of, name, nil, 0)
		}
	}
	return of
}

// part is a field, a method or an entry of a value.
func (w *reading) part(node parse.Node, of kind, name string, args []kind, more int) kind {
	w.names++
	if of.parts != nil {
		if _, ok := of.parts[name]; !ok {
			w.t.Errorf("%s: dict gives no %q", w.at(node), name)
		}
		return of.parts[name]
	}
	if of.Type == nil || of.Kind() == reflect.Interface && of.NumMethod() == 0 {
		return kind{}
	}
	w.met[of.Type] = true
	holder, inner := of.Type, of.Type
	if of.Kind() == reflect.Pointer {
		inner = of.Elem()
	} else if of.Kind() != reflect.Interface {
		holder = reflect.PointerTo(of.Type)
	}
	if m, ok := holder.MethodByName(name); ok {
		self := 1
		if holder.Kind() == reflect.Interface {
			self = 0
		}
		return w.call(node, name, m.Type, self, args, more)
	}
	if len(args)+more > 0 {
		w.t.Errorf("%s: %s has no method %s", w.at(node), of, name)
		return kind{}
	}
	switch inner.Kind() {
	case reflect.Struct:
		if f, ok := inner.FieldByName(name); ok && f.IsExported() {
			return kind{Type: f.Type}
		}
	case reflect.Map:
		return kind{Type: inner.Elem()}
	}
	w.t.Errorf("%s: %s has no %s", w.at(node), of, name)
	return kind{}
}

// call holds the arguments against what a function takes, from its parameter number skip on.
func (w *reading) call(node parse.Node, name string, f reflect.Type, skip int, args []kind, more int) kind {
	takes, given := f.NumIn()-skip, len(args)+more
	if f.IsVariadic() && given < takes-1 || !f.IsVariadic() && given != takes {
		w.t.Errorf("%s: %s takes %d arguments and gets %d", w.at(node), name, takes, given)
		return kind{Type: f.Out(0)}
	}
	for i, a := range args {
		var want reflect.Type
		if f.IsVariadic() && i >= takes-1 {
			want = f.In(f.NumIn() - 1).Elem()
		} else {
			want = f.In(skip + i)
		}
		if a.Type == nil || a.Kind() == reflect.Interface || a.AssignableTo(want) || a.Kind() == reflect.Pointer && a.Elem().AssignableTo(want) ||
			reflect.PointerTo(a.Type).AssignableTo(want) {
			continue
		}
		w.t.Errorf("%s: %s takes %s as its argument %d and gets %s", w.at(node), name, want, i+1, a)
	}
	return kind{Type: f.Out(0)}
}

// function is a call of one of the console's own functions, or of one that templates have by themselves.
func (w *reading) function(f *parse.IdentifierNode, nodes []parse.Node, args []kind, more int) kind {
	if own, ok := w.functions[f.Ident]; ok {
		out := w.call(f, f.Ident, reflect.TypeOf(own), 0, args, more)
		if f.Ident == "dict" {
			out = kind{parts: map[string]kind{}}
			for i := 0; i+1 < len(args); i += 2 {
				out.parts[nodes[i].(*parse.StringNode).Text] = args[i+1]
			}
		}
		return out
	}
	switch f.Ident {
	case "print", "printf", "println", "html", "js", "urlquery":
		return kind{Type: reflect.TypeFor[string]()}
	case "len":
		return kind{Type: reflect.TypeFor[int]()}
	case "eq", "ne", "lt", "le", "gt", "ge", "not":
		return kind{Type: reflect.TypeFor[bool]()}
	case "index":
		return indexed(args)
	case "or", "and": // one of its arguments: known where all are of one type
		if !slices.ContainsFunc(args, func(a kind) bool { return a.Type != args[0].Type }) {
			return args[0]
		}
	}
	return kind{}
}

// indexed is what the function index gives: the first argument, as far down as there are others.
func indexed(args []kind) kind {
	of := args[0].Type
	for range args[1:] {
		if of == nil || of.Kind() != reflect.Slice && of.Kind() != reflect.Array && of.Kind() != reflect.Map {
			return kind{}
		}
		of = of.Elem()
	}
	return kind{Type: of}
}

// at is where a node stands.
func (w *reading) at(node parse.Node) string {
	where, context := w.tree.ErrorContext(node)
	return where + " " + context
}
