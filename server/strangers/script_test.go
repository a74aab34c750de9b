package strangers_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"sandbank/server/clock"
	"sandbank/server/servertest/chromium"
)

// span is a time as the clock lever takes it, and in seconds for the script's own clock.
type span struct {
	Text    string  `json:"text"`
	Seconds float64 `json:"seconds"`
}

func (s *stage) span(text string) *span {
	if text == "" {
		return nil
	}
	d, err := clock.ParseDuration(text)
	if err != nil {
		s.Fatal(err)
	}
	return &span{text, d.Seconds()}
}

// plan is all that a script is told, as JSON in SANDBANK_PLAN.
type plan struct {
	Issuer    string `json:"issuer"`
	Authorize string `json:"authorize"`
	Token     string `json:"token"`
	Resource  string `json:"resource"`
	ID        string `json:"id"`
	Secret    string `json:"secret"`
	Scope     string `json:"scope"`
	Callback  string `json:"callback"`
	Levers    string `json:"levers"` // the admin API of the client's space
	Bank      string `json:"bank"`
	Browser   string `json:"browser"` // GET /allow?url= or /deny?url= opens that in the person's browser and answers where it ended
	Before    *span  `json:"before"`  // one second less than an access token lives
	Rest      *span  `json:"rest"`    // until the refresh token is dead; null: never
}

// script runs a client in another language. What it writes to its output, one JSON array a line, is what was seen: ["note", text] or
// ["answer", status, body].
func script(s *stage, dir string, program ...string) {
	s.Helper()
	person := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		open := s.visit
		if r.URL.Path == "/deny" {
			open = s.refuse
		}
		w.Write([]byte(open(r.URL.Query().Get("url")).String()))
	}))
	defer person.Close()
	told, err := json.Marshal(plan{Issuer: s.base, Authorize: s.base + s.authorize, Token: s.base + s.token, Resource: s.base + s.resource,
		ID: s.id, Secret: s.secret, Scope: s.scope, Callback: callback, Levers: s.levers(), Bank: s.name, Browser: person.URL,
		Before: s.span((s.life - time.Second).String()), Rest: s.span(s.rest)})
	if err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.Context(), chromium.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program[0], program[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SANDBANK_PLAN="+string(told), "PYTHONDONTWRITEBYTECODE=1")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		s.Fatalf("%v: %v\n%s%s", program, err, out, complaint.String())
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s.event(lines.Bytes())
	}
}

// event is one line of a script's output.
func (s *stage) event(line []byte) {
	s.Helper()
	var parts []json.RawMessage
	var kind, text string
	var status int
	read := func(i int, into any) {
		if i >= len(parts) || json.Unmarshal(parts[i], into) != nil {
			s.Fatalf("the script says %s", line)
		}
	}
	if err := json.Unmarshal(line, &parts); err != nil {
		s.Fatalf("the script says %s", line)
	}
	switch read(0, &kind); kind {
	case "note":
		read(1, &text)
		s.note("%s", text)
	case "answer":
		read(1, &status)
		read(2, &text)
		s.answer(status, text)
	default:
		s.Fatalf("the script says %s", line)
	}
}

// node runs a program of js/ beside the packages that SANDBANK_NPM has.
func node(program ...string) func(*stage) {
	return func(s *stage) {
		dir := s.TempDir() // a module's packages are looked for beside it
		if err := os.CopyFS(dir, os.DirFS("js")); err != nil {
			s.Fatal(err)
		}
		if err := os.Symlink(npm(s.T), filepath.Join(dir, "node_modules")); err != nil {
			s.Fatal(err)
		}
		script(s, dir, append([]string{"node"}, program...)...)
	}
}

// python runs a program of python/.
func python(program string) func(*stage) {
	return func(s *stage) { script(s, "python", interpreter(s.T), program) }
}
