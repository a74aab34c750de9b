package server_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sandbank/server/servertest"
)

// binary is the program itself, built once for the tests of its flags.
var binary struct {
	once sync.Once
	dir  string
	path string
	err  error
}

func program(t testing.TB) string {
	t.Helper()
	binary.once.Do(func() {
		if binary.dir, binary.err = os.MkdirTemp("", "sandbank"); binary.err != nil {
			return
		}
		binary.path, binary.err = servertest.Build(binary.dir)
	})
	if binary.err != nil {
		t.Fatal(binary.err)
	}
	return binary.path
}

// process is the program running on a free port.
type process struct {
	cmd    *exec.Cmd
	base   string
	output string // up to the ready line
	stderr *bytes.Buffer
}

func launch(t testing.TB, env []string, args ...string) *process {
	t.Helper()
	p := servertest.Run(t, program(t), env, args...)
	return &process{cmd: p.Cmd, base: p.URL, output: p.Output, stderr: p.Stderr}
}

// refuse runs the program to its end and returns exit code, output and complaint.
func refuse(t *testing.T, env []string, args ...string) (int, string, string) {
	t.Helper()
	cmd := exec.Command(program(t), args...)
	cmd.Env = append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	timer := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() })
	defer timer.Stop()
	cmd.Run()
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

func fetch(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // #nosec G402 -- the sandbox's own certificate
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestBadFlagsAreOneClearLineAndExitCode2(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.json")
	if err := os.WriteFile(broken, []byte("{\n \"bank\": \"berlin\",\n \"peeple\": []\n}"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args []string
		env  []string
		want string
	}{
		{args: []string{"--nonsense"}, want: "unknown flag: --nonsense"},
		{args: []string{"serve"}, want: `no command "serve"`},
		{args: []string{"--addr", "8080"}, want: `--addr: "8080" is not host:port`},
		{args: []string{"--people", "-1"}, want: "--people: -1 is not between"},
		{args: []string{"--people", "x"}, want: `--people: "x" is no whole number`},
		{args: []string{"--seed", "x"}, want: `--seed: "x" is no whole number of 0 or more`},
		{args: []string{"--freeze=x"}, want: `--freeze: "x" is neither true nor false`},
		{args: []string{"--journal", "0"}, want: "--journal: 0 is not between"},
		{args: []string{"--clock", "tomorrow"}, want: `--clock: "tomorrow" is no RFC 3339 instant`},
		{args: []string{"--clock", "9999-12-31T23:59:59Z"}, want: "--clock: 9999-12-31T23:59:59Z is not between 1970 and 2200"},
		{args: []string{"--clock", "0001-01-01T00:00:01Z"}, want: "--clock: 0001-01-01T00:00:01Z is not between 1970 and 2200"},
		{args: []string{"--ttl", "yoisho"}, want: `--ttl: "yoisho" is not bank.kind=duration`},
		{args: []string{"--ttl", "yoisho.access=soon"}, want: `"soon" is no duration`},
		{args: []string{"--ttl", "yoisho.access=-5s"}, want: "negative"},
		{args: []string{"--ttl", "yoisho.refresh=5s"}, want: `yoisho has no "refresh"; it has access`},
		{args: []string{"--ttl", "yoisho.nonsense=5s"}, want: `no lifetime "nonsense"`},
		{args: []string{"--ttl", "nobank.access=5s"}, want: `no bank "nobank"`},
		{args: []string{"--fidelity", "yoisho=exact"}, want: `"exact" is none of faithful, original`},
		{args: []string{"--policy", "yoisho.attempts=many"}, want: `"many" is not a whole number`},
		{args: []string{"--public-url", "sandbox.example"}, want: `--public-url: "sandbox.example" is no http or https URL`},
		{args: []string{"--public-url", "https:///x"}, want: `--public-url: "https:///x" is no http`},
		{args: []string{"--public-url", "https://[::1"}, want: `--public-url: "https://[::1" is no http`},
		{args: []string{"--public-url", "http://a b"}, want: `--public-url: "http://a b" is no http`},
		{args: []string{"--public-url", "http://a/b c"}, want: `--public-url: "http://a/b c" is no http`},
		{args: []string{"--public-url", "https://a/?q"}, want: "--public-url: \"https://a/?q\" has a query or a fragment"},
		{args: []string{"--public-url", "https://a/#"}, want: "--public-url: \"https://a/#\" has a query or a fragment"},
		{args: []string{"--public-url", "https://u:p@a"}, want: `--public-url: "https://u:xxxxx@a" has a user name`},
		{args: []string{"--tls-cert", "x.pem"}, want: "go together"},
		{args: []string{"--tls-cert", "x.pem", "--tls-key", "y.pem"}, want: "--tls-cert: open x.pem"},
		{args: []string{"--tls-self-signed", "--tls-cert", "x.pem"}, want: "exclude each other"},
		{args: []string{"--log-level", "loud"}, want: `--log-level: "loud" is none of`},
		{args: []string{"--log-format", "xml"}, want: `--log-format: "xml" is neither`},
		{args: []string{"--fixtures", filepath.Join(dir, "none.json")}, want: "none.json"},
		{args: []string{"--fixtures", broken}, want: "broken.json:3:"},
		{env: []string{"SANDBANK_PEOPLE=x"}, want: "SANDBANK_PEOPLE"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(append(tt.env, tt.args...), " "), func(t *testing.T) {
			t.Parallel()
			code, out, complaint := refuse(t, tt.env, tt.args...)
			if code != 2 || out != "" || strings.Count(complaint, "\n") != 1 || !strings.HasPrefix(complaint, "sandbank: ") || !strings.Contains(complaint, tt.want) {
				t.Errorf("exit code %d, output %q, complaint %q; want 2 and one line with %q", code, out, complaint, tt.want)
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	code, help, _ := refuse(t, nil, "--help")
	for _, flag := range []string{"addr", "public-url", "admin-key", "seed", "people", "fixtures", "snapshot", "clock", "freeze", "ttl", "fidelity", "policy", "journal", "registration",
		"tls-cert", "tls-key", "tls-self-signed", "log-level", "log-format", "version", "help"} {
		if !strings.Contains(help, "--"+flag) {
			t.Errorf("the help does not mention --%s", flag)
		}
	}
	for _, line := range strings.Split(help, "\n") {
		if len(line) > 110 {
			t.Errorf("a line of the help is %d wide: %s", len(line), line)
		}
	}
	if code != 0 {
		t.Errorf("--help exits with %d", code)
	}
	if code, out, _ := refuse(t, nil, "--version"); code != 0 || !strings.HasPrefix(out, "sandbank ") {
		t.Errorf("--version: %d, %q", code, out)
	}
}

func TestPortInUseIsOneClearLine(t *testing.T) {
	t.Parallel()
	p := launch(t, nil, "--addr", "127.0.0.1:0")
	code, _, complaint := refuse(t, nil, "--addr", strings.TrimPrefix(p.base, "http://"))
	if code != 1 || !strings.Contains(complaint, "is in use") || strings.Count(complaint, "\n") != 1 {
		t.Errorf("exit code %d, complaint %q", code, complaint)
	}
}

func TestReadyLineIsTrueAtOnce(t *testing.T) {
	t.Parallel()
	p := launch(t, nil, "--addr", "127.0.0.1:0")
	if resp, body := fetch(t, p.base+"/healthz"); resp.StatusCode != 200 || !strings.Contains(body, `"ok"`) {
		t.Errorf("/healthz: %d %s", resp.StatusCode, body)
	}
	if strings.Contains(p.output, ":0\n") || !strings.Contains(p.output, "/admin") {
		t.Errorf("the first output:\n%s", p.output)
	}
	for _, line := range strings.Split(p.output, "\n") {
		if i := strings.Index(line, "http"); i >= 0 && strings.Contains(line, "authorize") {
			if resp, body := fetch(t, strings.TrimSpace(line[i:])); resp.StatusCode != 200 || !strings.Contains(body, "<form") {
				t.Errorf("first link %s: %d", line[i:], resp.StatusCode)
			}
		}
	}
}

func TestSignalsDrainAndExit0(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		p := launch(t, nil, "--addr", "127.0.0.1:0")
		fetch(t, p.base+"/")
		if err := p.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("%v: %v %s", signal, err, p.stderr)
		}
	}
}

// Each flag is set, through the command line or the environment, and watched on the wire.
func TestFlagsHaveTheirEffect(t *testing.T) {
	t.Parallel()
	own := filepath.Join(t.TempDir(), "own.json")
	if err := os.WriteFile(own, []byte(`{"bank":"yoisho","people":[{"login":"zoe","given":"Zoe","family":"Zed"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func(p *process) string { _, body := fetch(t, p.base+"/"); return body }
	login := func(name string) func(*process) string {
		return func(p *process) string {
			client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			resp, err := client.Get(p.base + "/account/loggedin?uname=" + name + "&psw=x&client_id=7b6fc8ed5127b0b2f076d&redirect=http://127.0.0.1:9/cb")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp.Status
		}
	}
	page := func(p *process) string {
		_, body := fetch(t, p.base+"/account/authorize?redirect_uri=http://127.0.0.1:9/cb&client_id=7b6fc8ed5127b0b2f076d")
		return body
	}
	date := func(p *process) string { resp, _ := fetch(t, p.base+"/healthz"); return resp.Header.Get("Date") }
	metadata := func(p *process) string {
		_, body := fetch(t, p.base+"/berlin/.well-known/openid-configuration")
		return body
	}
	ready := func(p *process) string { return p.output }
	key := func(p *process) string { return strconv.FormatBool(strings.Contains(p.output, "Admin key")) }
	tests := []struct {
		name  string
		args  []string
		env   []string
		watch func(*process) string
		want  string
	}{
		{"public-url", []string{"--public-url", "https://bank.example/"}, nil, ready, "https://bank.example/account/authorize"},
		{"public-url that lets others in", []string{"--public-url", "https://bank.example/"}, nil, key, "true"},
		{"public-url on this machine", []string{"--public-url", "http://localhost:18080/x"}, nil, key, "false"},
		{"public-url in the environment", nil, []string{"SANDBANK_PUBLIC_URL=https://env.example"}, ready, "https://env.example/account"},
		{"flag over environment", []string{"--public-url", "https://flag.example"}, []string{"SANDBANK_PUBLIC_URL=https://env.example"}, ready, "https://flag.example/account"},
		{"seed", []string{"--seed", "42"}, nil, start, "42, replayable"},
		{"seed is loud", []string{"--seed", "42"}, nil, ready, "SEEDED"},
		{"people", []string{"--people", "3"}, nil, login("p003"), "303"},
		{"no people more", nil, nil, login("p003"), "401"},
		{"fixtures", []string{"--fixtures", own}, nil, login("zoe"), "303"},
		{"clock and freeze", []string{"--clock", "2031-05-06T07:08:09Z", "--freeze"}, nil, date, "Tue, 06 May 2031 07:08:09 GMT"},
		{"clock and freeze in the environment", nil, []string{"SANDBANK_CLOCK=2031-05-06T07:08:09Z", "SANDBANK_FREEZE=true"}, date, "Tue, 06 May 2031 07:08:09 GMT"},
		{"registration", []string{"--registration"}, nil, metadata, "/berlin/oauth2/register"},
		{"registration in the environment", nil, []string{"SANDBANK_REGISTRATION=true"}, metadata, "/berlin/oauth2/register"},
		{"ttl", []string{"--ttl", "yoisho.access=5s", "--ttl", "yoisho.page=90s"}, nil, page, "5 seconds"},
		{"ttl twice", []string{"--ttl", "yoisho.access=5s", "--ttl", "yoisho.page=90s"}, nil, page, "01:30"},
		{"ttl in the environment", nil, []string{"SANDBANK_TTL=yoisho.access=7s,yoisho.page=3m"}, page, "7 seconds"},
		{"tls", []string{"--tls-self-signed"}, nil, func(p *process) string { resp, _ := fetch(t, p.base+"/healthz"); return resp.Proto + p.base }, "https://127"},
		{"log level and format", []string{"--log-level", "debug", "--log-format", "json"}, nil, func(p *process) string {
			login("dave")(p)
			p.cmd.Process.Signal(syscall.SIGTERM)
			p.cmd.Wait()
			return p.stderr.String()
		}, `"op":"login"`},
		{"log off", []string{"--log-level", "off"}, nil, func(p *process) string {
			fetch(t, p.base+"/account/info")
			p.cmd.Process.Signal(syscall.SIGTERM)
			p.cmd.Wait()
			return "<" + p.stderr.String() + ">"
		}, "<>"},
		{"refusals are logged with their reason", nil, nil, func(p *process) string {
			fetch(t, p.base+"/account/info")
			p.cmd.Process.Signal(syscall.SIGTERM)
			p.cmd.Wait()
			return p.stderr.String()
		}, "no Authorization header was sent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := launch(t, tt.env, append([]string{"--addr", "127.0.0.1:0"}, tt.args...)...)
			if got := tt.watch(p); !strings.Contains(got, tt.want) {
				t.Errorf("no %q in %s", tt.want, got)
			}
		})
	}
}

// Two runs with one seed, driven alike, deal the same codes; without one they do not.
func TestSeedReplays(t *testing.T) {
	t.Parallel()
	code := func(args ...string) string {
		p := launch(t, nil, append([]string{"--addr", "127.0.0.1:0", "--clock", "2030-01-01T00:00:00Z", "--freeze"}, args...)...)
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := client.Get(p.base + "/account/loggedin?uname=dave&psw=x&client_id=7b6fc8ed5127b0b2f076d&redirect=http://127.0.0.1:9/cb")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.Header.Get("Location")
	}
	a, b, c, d := code("--seed", "42"), code("--seed", "42"), code("--seed", "43"), code()
	if a == "" || a != b || a == c || a == d {
		t.Errorf("seed 42: %q and %q; seed 43: %q; none: %q", a, b, c, d)
	}
}

func BenchmarkStart(b *testing.B) {
	path := program(b)
	for b.Loop() {
		p := exec.Command(path, "--addr", "127.0.0.1:0", "--log-level", "off")
		out, err := p.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Start(); err != nil {
			b.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, base, ok := strings.Cut(lines.Text(), "Ready at  "); ok {
				resp, err := http.Get(base + "/healthz")
				if err != nil {
					b.Fatal(err)
				}
				resp.Body.Close()
				break
			}
		}
		p.Process.Kill()
		p.Wait()
	}
}
