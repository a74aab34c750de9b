package export_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"sandbank/admin/export"
)

// A secret that means something to every language that it is written in.
const hostile = "a'b\"c\\d$(echo no)`e`{{code}} %s </script>"

func kit(secret string) export.Kit {
	return export.Kit{Title: "Mine\nrm -rf /\u2028*/ at berlin", Slug: "berlin-mine", Base: "http://127.0.0.1:8080/berlin",
		Has: map[string]string{"client_id": "mine", "client_secret": secret, "redirect_uri": "http://127.0.0.1:9000/cb?a=b&c", "scope": "a b", "service_id": "", "login": "o'dave", "password": "any"},
		Legs: []export.Leg{
			{Title: "Ask for a consent", Method: "POST", Path: "/consent", JSON: `{"access":{}}`, Head: [][2]string{{"X-Service", "{service_id}"}}, Take: [][2]string{{"consent", "consentId"}}},
			{Title: "Log in", Method: "GET", Path: "/authorize", Page: true, Query: [][2]string{{"client_id", "{client_id}"}, {"redirect_uri", "{redirect_uri}"}, {"scope", "{scope}"},
				{"state", "{state}"}, {"consentId", "{consent}"}, {"code_challenge", "{challenge}"}}},
			{Title: "Swap the code", Method: "POST", Path: "/token", Basic: true, Form: [][2]string{{"client_secret", "{client_secret}"}, {"code", "{code}"}, {"code_verifier", "{verifier}"}},
				Take: [][2]string{{"token", "access_token"}, {"refresh", "refresh_token"}}},
			{Title: "Ask", Method: "GET", Path: "/accounts", Query: [][2]string{{"with", "all of it"}}, Head: [][2]string{{"Authorization", "Bearer {token}"}}},
		}}
}

func write(t *testing.T, format string, k export.Kit) *export.File {
	t.Helper()
	f, err := export.Write(format, k)
	if err != nil || f == nil {
		t.Fatalf("%s: %v, %v", format, f, err)
	}
	return f
}

// What a client does not have is not sent, and what nobody needs is not taken.
func TestOnlyWhatIsNeeded(t *testing.T) {
	t.Parallel()
	for _, format := range export.Formats() {
		text := string(write(t, format, kit("")).Data)
		for _, word := range []string{"X-Service", "client_secret", "refresh_token"} {
			if format != "bruno" && strings.Contains(text, word) {
				t.Errorf("%s has %s:\n%s", format, word, text)
			}
		}
	}
	if f, err := export.Write("fax", kit("")); f != nil || err != nil {
		t.Errorf("fax: %v, %v", f, err)
	}
}

func TestGoIsFormattedAndQuoted(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{hostile, ""} {
		data := write(t, "go", kit(secret)).Data
		nice, err := format.Source(data)
		if err != nil || !bytes.Equal(nice, data) {
			t.Fatalf("%v\n%s", err, data)
		}
		if secret != "" && !bytes.Contains(data, []byte("const clientSecret = "+strconv.Quote(secret)+"\n")) {
			t.Errorf("%s", data)
		}
		file, err := parser.ParseFile(token.NewFileSet(), "", data, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports { // an import that is not used does not compile
			path, _ := strconv.Unquote(i.Path.Value)
			name := path[strings.LastIndexByte(path, '/')+1:]
			if bytes.Count(data, []byte(name+".")) == 0 {
				t.Errorf("%s is imported and not used", path)
			}
		}
	}
}

// run feeds a program to an interpreter; where there is none, the test has nothing to say.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Skip(err)
	}
	c := exec.Command(args[0], args[1:]...)
	c.Stdin = strings.NewReader(program)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s\n%s", args, err, out, program)
	}
	return string(out)
}

func TestShellTakesItAsItIs(t *testing.T) {
	t.Parallel()
	run(t, string(write(t, "curl", kit(hostile)).Data), "sh", "-n")
	for _, format := range []string{"env", "curl"} {
		var lines []string
		for l := range strings.Lines(string(write(t, format, kit(hostile)).Data)) {
			if strings.HasPrefix(l, "CLIENT_SECRET=") || strings.HasPrefix(l, "LOGIN=") {
				lines = append(lines, l)
			}
		}
		if got := run(t, strings.Join(lines, "")+`printf '%s|%s' "$CLIENT_SECRET" "$LOGIN"`, "sh"); got != hostile+"|o'dave" {
			t.Errorf("%s: %s from %q", format, got, lines)
		}
	}
}

func TestPythonTakesItAsItIs(t *testing.T) {
	t.Parallel()
	program := string(write(t, "python", kit(hostile)).Data)
	head, _, ok := strings.Cut(program, "\n\ndef call(")
	if got := run(t, head+"\nprint(client_secret, login, sep='|')", "python3", "-"); !ok || got != hostile+"|o'dave\n" {
		t.Errorf("%s", got)
	}
	run(t, program, "python3", "-c", "import ast, sys; ast.parse(sys.stdin.read())")
}

func TestPostman(t *testing.T) {
	t.Parallel()
	var c struct {
		Info struct{ Name, Schema string }
		Item []struct {
			Event   []struct{ Script struct{ Exec []string } }
			Request struct {
				Method string
				Auth   struct{ Type string }
				URL    struct{ Raw string }
				Body   *struct{ Mode, Raw string }
			}
		}
		Variable []struct{ Key, Value string }
	}
	if err := json.Unmarshal(write(t, "postman", kit(hostile)).Data, &c); err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{}
	for _, v := range c.Variable {
		vars[v.Key] = v.Value
	}
	if vars["client_secret"] != hostile || vars["base"] == "" || vars["verifier"] == "" || len(c.Item) != 4 || !strings.Contains(c.Info.Schema, "v2.1.0") {
		t.Errorf("%+v", c)
	}
	if c.Item[0].Request.Body.Raw != `{"access":{}}` || c.Item[2].Request.Auth.Type != "basic" || len(c.Item[2].Event[0].Script.Exec) != 1 ||
		!strings.HasPrefix(c.Item[1].Request.URL.Raw, "{{base}}/authorize?client_id={{client_id}}&") {
		t.Errorf("%+v", c.Item)
	}
}

// unzipped are the texts of an archive, by name.
func unzipped(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(r)
		files[f.Name] = string(text)
	}
	return files
}

func TestBruno(t *testing.T) {
	t.Parallel()
	files := unzipped(t, write(t, "bruno", kit(hostile)).Data)
	const root = "sandbank-berlin-mine/"
	if len(files) != 6 || !strings.Contains(files[root+"collection.bru"], "\n  client_secret: "+hostile+"\n") ||
		!strings.Contains(files[root+"3 Swap the code.bru"], "vars:post-response {\n  token: res.body.access_token\n}") {
		t.Errorf("%q", files)
	}
}

// A collection that makes a user makes another one each time that it is run.
func TestCollectionsMakeANewUser(t *testing.T) {
	t.Parallel()
	k := kit("s")
	k.Legs = []export.Leg{{Title: "Make a user", Method: "POST", Path: "/users", JSON: `{"id":"{user}"}`},
		{Title: "Authorize the user", Method: "POST", Path: "/token", Form: [][2]string{{"username", "{user}"}}}}
	const deals = `"user", "user-" + Date.now().toString(36));`
	var c struct {
		Item []struct {
			Event []struct {
				Listen string
				Script struct{ Exec []string }
			}
		}
	}
	if err := json.Unmarshal(write(t, "postman", k).Data, &c); err != nil {
		t.Fatal(err)
	}
	if e := c.Item[0].Event; len(e) != 1 || e[0].Listen != "prerequest" || e[0].Script.Exec[0] != "pm.collectionVariables.set("+deals || len(c.Item[1].Event) != 0 {
		t.Errorf("Postman: %+v", c.Item)
	}
	files := unzipped(t, write(t, "bruno", k).Data)
	first, second := files["sandbank-berlin-mine/1 Make a user.bru"], files["sandbank-berlin-mine/2 Authorize the user.bru"]
	if !strings.Contains(first, "script:pre-request {\n  bru.setVar("+deals+"\n}\n") || strings.Contains(second, "script") {
		t.Errorf("Bruno: %s\n%s", first, second)
	}
}
