package admin

import "testing"

// A table is refused or gives orders that name a person each; it never panics.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"login,given\na,b\n", "bank\nx", "\ufefflogin\r\n\"a\n\"", "a,a\n", "", "login,login\n", "persona\n\x00\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, table []byte) {
		orders, err := readNames(table)
		if err == nil && (len(orders) == 0 || len(orders) > mostUsers) {
			t.Fatalf("%d orders", len(orders))
		}
	})
}
