package console_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sandbank/admin/console"
	"sandbank/server"
	"sandbank/server/grant"
)

// cell is a value of the matrix.
func cell(doc *goquery.Document, row, title string) *goquery.Selection {
	return doc.Find("#" + row + ` td[data-l="` + title + `"]`)
}

func words(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

func TestPolicyMatrixTellsWhatIsInForce(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	doc := shown(s, "/admin/policies", 200)
	contains(t, doc, "#turned .empty", "No knob is turned", "curl -X PATCH")
	s.pull("PATCH", "/policies", object{"set": object{"reuse": "deny"}}).Want(200)
	s.pull("PATCH", "/policies", object{"level": object{"bank": "berlin", "client": "bg-demo"}, "set": object{"access": "60s", "uses": 3}}).Want(200)
	s.pull("PATCH", "/policies", object{"level": object{"bank": "berlin", "user": "jane"}, "set": object{"expires_in": "omit"}}).Want(200)
	s.pull("PATCH", "/policies", object{"level": object{"bank": "yoisho"}, "set": object{"fidelity": "original"}}).Want(200)

	doc = shown(s, "/admin/policies", 200)
	for _, tt := range []struct {
		row, title, want string
		set              bool
	}{
		{"p--All_banks", "On reuse", "deny global", true}, {"p--All_banks", "Access", "·", false},
		{"p-berlin-berlin", "Access", "1 h the bank’s own", false}, {"p-berlin-berlin", "On reuse", "deny global", false},
		{"p-berlin-bg-demo", "Access", "60 s client", true}, {"p-berlin-jane", "Advertised", "omit user", true},
		{"p-yoisho-yoisho", "Access", "30 s as the original", false}, {"p-yoisho-yoisho", "Fidelity", "original bank", true},
		{"p-yoisho-yoisho", "Refresh", "–", false}, {"p-s2s-s2s", "Refresh", "31 d 1 h the bank’s own", false}, {"p-finapi-finapi", "Refresh", "no end the bank’s own", false},
	} {
		if c := cell(doc, tt.row, tt.title); words(c) != tt.want || c.HasClass("set") != tt.set {
			t.Errorf("%s of %s is %q, want %q", tt.title, tt.row, words(c), tt.want)
		}
	}
	contains(t, doc, `ol[aria-label^="Order"]`, "Global, 1 set", "Bank, 1 set", "Client, 1 set", "User, 1 set")
	contains(t, doc, "#turned header", "5 knobs at 4 levels")

	clients := shown(s, "/admin/policies?rows=clients&group=behaviour", 200)
	if got := words(cell(clients, "p-berlin-bg-demo", "Uses")); got != "3 client" {
		t.Errorf("uses of bg-demo: %q", got)
	}
	users := shown(s, "/admin/policies?rows=users&user=jane&group=telling", 200)
	if got := words(cell(users, "p-berlin-jane", "Advertised")); got != "omit user" || users.Find("#matrix tbody tr").Length() != 4 {
		t.Errorf("jane at berlin is told %q, at %d banks", got, users.Find("#matrix tbody tr").Length())
	}
	contains(t, shown(s, "/admin/policies?rows=users&user="+url.QueryEscape(hostile), 422), "#matrix", "No bank has a user of that login")
	harmless(t, shown(s, "/admin/policies?rows=users&user="+url.QueryEscape(hostile), 422))
}

// A value of the matrix leads to its editor; what is saved there counts at once, and leads back to the same matrix.
func TestPolicyIsTurnedAndTakenBack(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	for range 2 {
		s.pull("POST", "/tokens", object{"bank": "sparebank1", "client": "sb1-demo", "user": "dave"}).Want(201)
	}
	matrix := shown(s, "/admin/policies?rows=clients&group=lifetimes", 200)
	link := cell(matrix, "p-sparebank1-sb1-demo", "Access").Find("a").AttrOr("href", "")
	editor := shown(s, link, 200)
	contains(t, editor, "[data-form]", "sb1-demo at SpareBank 1: access", "client level", "Short lives", "2 tokens", "Where 10 min comes from")
	contains(t, editor, ".items li:has(b)", "SpareBank 1’s own", "in force")
	if n := editor.Find(`nav[aria-label="Level"] a`).Length(); n != 3 {
		t.Errorf("%d levels", n)
	}

	wrong := pressed(s, editor, "main form:has([name=retime])", 422, "set.access", "soon")
	contains(t, wrong, ".err", "no duration")
	if value := wrong.Find(`[name="set.access"]`); value.AttrOr("value", "") != "soon" || value.AttrOr("aria-invalid", "") != "true" {
		t.Error("the field does not tell what was wrong with it")
	}

	matrix = pressed(s, editor, "main form:has([name=retime])", 303, "set.access", "20s", "retime", "true")
	if got := cell(matrix, "p-sparebank1-sb1-demo", "Access"); words(got) != "20 s client" {
		t.Errorf("access is %q", words(got))
	}
	contains(t, shown(s, "/admin/clock?preview=20s", 200), "#preview", "It ends 2 access tokens.")

	editor = shown(s, link, 200)
	contains(t, editor, "[data-form]", "Where 20 s comes from", "Take it back: 10 min, SpareBank 1’s own")
	if got := words(editor.Find(".items s")); got != "10 min" {
		t.Errorf("struck is %q", got)
	}
	pressed(s, editor, `main form:has([name=unset])`, 303)
	contains(t, shown(s, "/admin/policies", 200), "#turned .empty", "No knob is turned")
}

// A knob that cannot be turned for one user is turned at the level above.
func TestPolicyEditorPicksALevel(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	for query, want := range map[string]string{
		"knob=consent&bank=berlin&user=jane": "Accounts BG: consent", "knob=access&bank=berlin&user=jane": "jane at Accounts BG: access",
		"knob=access&bank=berlin&client=bg-demo&level=bank": "Accounts BG: access", "knob=access&bank=berlin&level=global": "All banks: access", "": "All banks: access",
		"knob=fidelity&bank=yoisho": "Yoisho: fidelity", "knob=uses": "All banks: uses", "knob=refresh-scope&bank=s2s": "S2S: scope",
	} {
		contains(t, shown(s, "/admin/policies/edit?"+query, 200), "[data-form] h2", want)
	}
	shown(s, "/admin/policies/edit?knob=nothing", 404)
	shown(s, "/admin/policies/edit?knob=access&bank=nobank", 404)
	shown(s, "/admin/policies/edit?knob=refresh&bank=yoisho", 404)
	doc := pressed(s, shown(s, "/admin/policies/edit?knob=jitter&bank=s2s", 200), "main form.body", 422, "set.jitter", "400")
	contains(t, doc, ".err", "400 is more than")
	pressed(s, shown(s, "/admin/policies/edit?knob=refresh-scope&bank=s2s", 200), "main form.body", 303, "set.refresh-scope", "drop:accounts")
	contains(t, shown(s, "/admin/policies", 200), "#turned", "drop:accounts")
}

func TestEveryKnobIsExplained(t *testing.T) {
	t.Parallel()
	for _, s := range grant.Specs() {
		if !console.Told(string(s.Knob)) {
			t.Errorf("nothing says what %s is there for, or what a client does about it", s.Knob)
		}
	}
}

func TestPoliciesAreTakenAlongAndReset(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options{}, "")
	contains(t, shown(s, "/admin/policies/reset", 200), ".empty", "No knob is turned")
	s.pull("PATCH", "/policies", object{"level": object{"bank": "yoisho"}, "set": object{"access": "5s", "code": "3s"}}).Want(200)
	contains(t, shown(s, "/admin/policies/json", 200), "main", `"access": "5s"`, `curl -X PATCH`, `'{"level":{"bank":"yoisho"},"set":{"access":"5s","code":"3s"}}'`)
	reset := shown(s, "/admin/policies/reset", 200)
	contains(t, reset, "[data-form]", "2 knobs at 1 level", "Bank Yoisho: access 5 s, code 3 s")
	back := pressed(s, reset, "main form", 303)
	contains(t, back, "#turned .empty", "No knob is turned")
	s.pull("POST", "/undo", nil).Want(200)
	pressed(s, shown(s, "/admin/policies", 200), "#k-bank_yoisho-yoisho-code form", 303)
	contains(t, shown(s, "/admin/policies", 200), "#turned header", "1 knob at 1 level")
}

func BenchmarkPoliciesPage(b *testing.B) {
	s := open(b, server.Options{}, "")
	for b.Loop() {
		s.Get("/admin/policies?rows=users&group=lifetimes").Want(200)
	}
}
