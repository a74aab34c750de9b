package console

import (
	"io/fs"

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
