package strangers_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"sandbank/server/servertest/chromium"
)

// webApp is a client with pages of its own, in a process of its own.
type webApp struct {
	*stage
	url       string // http://localhost and its port
	complaint string // file with what it wrote to standard error
}

var portLine = regexp.MustCompile(`port (\d+)`)

// serve starts a web server that takes a free port and says which.
func serve(s *stage, dir string, program ...string) *webApp {
	s.Helper()
	app := &webApp{stage: s, complaint: filepath.Join(s.TempDir(), "stderr")}
	stderr, err := os.Create(app.complaint)
	if err != nil {
		s.Fatal(err)
	}
	defer stderr.Close()
	cmd := exec.Command(program[0], program[1:]...)
	cmd.Dir, cmd.Stderr = dir, stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	m := portLine.FindStringSubmatch(line)
	if m == nil {
		s.Fatalf("%v says %q, %v: %s", program, line, err, app.said())
	}
	app.url = "http://localhost:" + m[1]
	return app
}

// said is what the app wrote to standard error.
func (a *webApp) said() string {
	text, err := os.ReadFile(a.complaint)
	if err != nil {
		a.Fatal(err)
	}
	return string(text)
}

// page is one of the app's own pages, its text noted; link is where its first link leads.
func (a *webApp) page(target string) (link string) {
	a.Helper()
	resp, err := http.Get(target)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		a.note("a page that breaks off")
		return ""
	}
	if err != nil {
		a.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		a.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	if err != nil {
		a.Fatal(err)
	}
	text := strings.Join(strings.Fields(doc.Find("body").Text()), " ")
	switch {
	case resp.StatusCode >= 400:
		a.note("its own %s", resp.Status)
	default:
		a.note("%s", text)
	}
	return doc.Find("a").First().AttrOr("href", "")
}

// login follows the app's link to the bank, and the bank's way back to the app's own address.
func (a *webApp) login(link string) *url.URL {
	a.Helper()
	back := a.visit(link)
	if !strings.HasPrefix(back.String(), a.url+"/") {
		a.Fatalf("the bank sent the browser to %s, not to %s", back, a.url)
	}
	return back
}

// runTutorial serves the tutorial as its document says, by Python's own CGI server.
func runTutorial(s *stage) {
	python := interpreter(s.T)
	if exec.Command(python, "-c", "import cgi").Run() != nil {
		chromium.Optional(s, "the tutorial's module cgi went with Python 3.13, and "+python+" is later")
	}
	dir, err := os.MkdirTemp("", "tutorial")
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { os.RemoveAll(dir) })
	app := serve(s, dir, python, "-u", "-m", "http.server", "--cgi", "--bind", "127.0.0.1", "0")
	source, err := os.ReadFile("python/tutorial.py")
	if err != nil {
		s.Fatal(err)
	}
	script := filepath.Join(dir, "cgi-bin", "tutorial.py")
	for _, err := range []error{
		os.Mkdir(filepath.Dir(script), 0o755),
		os.WriteFile(script, []byte(strings.NewReplacer("/usr/bin/env python3.7", python, "<< client_id >>", s.id, "<< client_secret >>", s.secret, "<< fid >>", "fid-smn",
			"https://api-auth.sparebank1.no", s.base, "https://api.sparebank1.no", s.base, "http://localhost:8000", app.url).Replace(string(source))), 0o600),
		os.Chmod(script, 0o755), // #nosec G302 -- the server runs it
		os.Chmod(dir, 0o777),    // #nosec G302 -- run by root, the server runs its scripts as nobody, who keeps the shelf here
	} {
		if err != nil {
			s.Fatal(err)
		}
	}
	sweep := func() {
		files, _ := filepath.Glob(filepath.Join(dir, "tokens*"))
		if len(files) == 0 {
			s.Fatal("there is no shelf with a token")
		}
		for _, f := range files {
			os.Remove(f)
		}
	}

	home := app.url + "/cgi-bin/tutorial.py"
	back := app.login(app.page(home))
	app.page(back.String())
	s.pass("9m59s")
	app.page(home)
	s.pass("1s")
	link := app.page(home) // the dead token is a page with the link again
	sweep()                // the tutorial never takes it off its shelf
	app.page(app.login(link).String())

	sweep()
	app.page(back.String()) // the first code again
	if !strings.Contains(app.said(), "KeyError: 'access_token'") {
		s.Errorf("the tutorial reads the refusal as JSON without a token; it said:\n%s", app.said())
	}
}

// runYoishoClient lets a code get old on its way from the bank to the app, which asks for token and balance at once.
func runYoishoClient(s *stage) {
	app := serve(s, "python", interpreter(s.T), "yoisho_client.py", s.base+"/account", "0")
	link := app.page(app.url)
	back := app.login(link)
	s.pass("9m59s")
	app.page(back.String())
	app.page(back.String())
	back = app.login(link)
	s.pass("10m")
	app.page(back.String())
}
