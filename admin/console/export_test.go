package console

import (
	"io/fs"
	"reflect"
	"text/template"
	"text/template/parse"

	"sandbank/admin"
)

// Embedded are the files that the console carries, with their sizes in bytes.
func Embedded() (map[string]int64, error) {
	sizes := map[string]int64{}
	for _, files := range []fs.FS{screenFiles, assetFiles} {
		err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err == nil {
				sizes[path] = info.Size()
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return sizes, nil
}

// MostSought is how many of the newest tokens the palette looks at.
const MostSought = mostSought

// Paths are the patterns of all pages, for tests from outside.
func Paths() []string {
	var out []string
	for _, p := range pages() {
		out = append(out, p.path)
	}
	return out
}

// Told tells whether the page of policies says what a knob is there for.
func Told(knob string) bool {
	t, ok := knobTexts()[knob]
	return ok && t.Title != "" && t.Why != "" && t.Learn != ""
}

// Money is an amount as pages write it.
func Money(m int64, currency string) string { return money(admin.Money(m), currency) }

// Trees are the templates as they are written.
func Trees() map[string]*parse.Tree {
	out := map[string]*parse.Tree{}
	for _, t := range template.Must(template.New("").Funcs(functions()).ParseFS(screenFiles, "screen/*.html")).Templates() {
		out[t.Name()] = t.Tree
	}
	return out
}

// Functions are what templates call.
func Functions() map[string]any { return functions() }

// Frames are the types of what stands around pages, or in place of one.
func Frames() map[string]reflect.Type {
	v := reflect.TypeFor[*visit]()
	return map[string]reflect.Type{"frame": v, "bare": v, "palette": v, "refusal": reflect.TypeFor[Refusal](), "door": reflect.TypeFor[Door]()}
}

// Watched is a console that tells what its pages hand to their templates.
func Watched(p *admin.Panel, saw func(name string, data any)) *Console {
	c := New(p)
	for i := range c.pages {
		name, build := c.pages[i].name, c.pages[i].build
		c.pages[i].build = func(v *visit) (any, error) {
			data, err := build(v)
			if err == nil {
				saw(name, data)
			}
			return data, err
		}
	}
	return c
}
