package server_test

import (
	"bytes"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/rogpeppe/go-internal/testscript"

	"sandbank/server"
	"sandbank/server/clock"
	"sandbank/server/servertest"
)

// Stories are scripts in testdata/story, one per source document, that read like the document. Their commands:
//
//	start [--policy bank.knob=value]…    a sandbox, with its clock standing still; its base URL is $BASE
//	curl …                               the part of curl that documents use; -c and -b are one cookie jar per story
//	login FIELD=VALUE…                   submits the page that the last curl showed, as a browser does
//	take NAME PATTERN                    sets $NAME to the first group that PATTERN finds in the last answer
//	clock DURATION                       moves the sandbox's clock
//	why TEXT                             the newest journal entry says so
//
// Whatever a story has made of the bank must survive the way through a snapshot file.
func TestStories(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/story",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": func(ts *testscript.TestScript, neg bool, args []string) { storyStart(t, ts, args) }, "curl": storyCurl, "login": storyLogin, "take": storyTake, "clock": storyClock, "why": storyWhy,
		},
		Setup: func(e *testscript.Env) error {
			jar, err := cookiejar.New(nil)
			e.Values[storyKey{}] = &story{client: &http.Client{Jar: jar,
				Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // #nosec G402 -- the sandbox's own certificate
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
			return err
		},
	})
}

type storyKey struct{}

type story struct {
	srv    *server.Server
	client *http.Client
	last   string
	page   *url.URL
}

func of(ts *testscript.TestScript) *story { return ts.Value(storyKey{}).(*story) }

func storyStart(t *testing.T, ts *testscript.TestScript, args []string) {
	o := server.Options{Freeze: true}
	set := flag.NewFlagSet("start", flag.ContinueOnError)
	set.Func("policy", "", func(text string) error {
		s, err := server.ParsePolicy(text)
		o.Policy = append(o.Policy, s)
		return err
	})
	ts.Check(set.Parse(args))
	space := inside(&o)
	srv, err := server.New(o)
	ts.Check(err)
	ts.Check(srv.Start())
	ts.Defer(func() { srv.Close() })
	ts.Defer(func() { throughAFile(t, *space) })
	of(ts).srv = srv
	ts.Setenv("BASE", srv.URL())
}

// storyCurl is as much of curl as the documents need: -s -i -X -H -d -G -u -c -b -L.
func storyCurl(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	var method, target, user string
	var data []string
	headers := http.Header{}
	show, get, follow := false, false, false
	for i := 0; i < len(args); i++ {
		next := func() string { i++; return args[i] }
		switch a := args[i]; a {
		case "-s", "-si", "-i", "-sL":
			show = strings.Contains(a, "i")
			follow = follow || strings.Contains(a, "L")
		case "-X":
			method = next()
		case "-G":
			get = true
		case "-L":
			follow = true
		case "-H":
			name, value, _ := strings.Cut(next(), ":")
			headers.Add(name, strings.TrimSpace(value))
		case "-d", "--data", "--data-urlencode":
			data = append(data, next())
		case "-u":
			user = next()
		case "-c", "-b":
			next()
		default:
			target = a
		}
	}
	body := strings.Join(data, "&")
	if get {
		target, body = target+"?"+body, ""
	}
	if method == "" {
		method = "GET"
		if body != "" {
			method = "POST"
		}
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	ts.Check(err)
	if body == "" {
		r.Body, r.ContentLength = nil, 0
	} else {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, values := range headers {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	if id, secret, ok := strings.Cut(user, ":"); ok {
		r.SetBasicAuth(id, secret)
	}
	s.send(ts, r, show, follow)
}

func (s *story) send(ts *testscript.TestScript, r *http.Request, show, follow bool) {
	resp, err := s.client.Do(r)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if to := resp.Header.Get("Location"); follow && to != "" && resp.StatusCode/100 == 3 {
		next, err := r.URL.Parse(to)
		ts.Check(err)
		if "http://"+next.Host == s.srv.URL() {
			r, err := http.NewRequest("GET", next.String(), nil)
			ts.Check(err)
			s.send(ts, r, show, follow)
			return
		}
		show = true
	}
	var out bytes.Buffer
	if show {
		fmt.Fprintf(&out, "HTTP/1.1 %s\n", resp.Status)
		for name, values := range resp.Header {
			for _, v := range values {
				fmt.Fprintf(&out, "%s: %s\n", name, v)
			}
		}
		fmt.Fprintln(&out)
	}
	out.Write(body)
	s.last, s.page = strings.TrimSuffix(out.String(), "\n")+"\n", r.URL
	fmt.Fprint(ts.Stdout(), s.last)
}

func storyLogin(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(s.last))
	ts.Check(err)
	form := doc.Find("form").First()
	if form.Length() == 0 {
		ts.Fatalf("the last answer is no page with a form:\n%s", s.last)
	}
	fields := servertest.Fields(form)
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		fields.Set(name, value)
	}
	to, err := s.page.Parse(form.AttrOr("action", ""))
	ts.Check(err)
	var r *http.Request
	if strings.EqualFold(form.AttrOr("method", "get"), "post") {
		r, err = http.NewRequest("POST", to.String(), strings.NewReader(fields.Encode()))
		ts.Check(err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		to.RawQuery = fields.Encode()
		r, err = http.NewRequest("GET", to.String(), nil)
		ts.Check(err)
	}
	s.send(ts, r, false, true)
}

func storyTake(ts *testscript.TestScript, neg bool, args []string) {
	m := regexp.MustCompile(args[1]).FindStringSubmatch(of(ts).last)
	if m == nil {
		ts.Fatalf("%s is not in the last answer:\n%s", args[1], of(ts).last)
	}
	value, err := url.QueryUnescape(m[1])
	ts.Check(err)
	if strings.Contains(m[1], "+") { // base64, not a form
		value = m[1]
	}
	ts.Setenv(args[0], value)
}

func storyClock(ts *testscript.TestScript, neg bool, args []string) {
	d, err := clock.ParseDuration(strings.TrimPrefix(args[0], "+"))
	ts.Check(err)
	of(ts).srv.Clock().Advance(d)
}

func storyWhy(ts *testscript.TestScript, neg bool, args []string) {
	recent := of(ts).srv.Journal().Recent(1, nil)
	if len(recent) == 0 {
		ts.Fatalf("the journal is empty")
	}
	if !strings.Contains(recent[0].Why, args[0]) {
		ts.Fatalf("the journal says %q", recent[0].Why)
	}
}

func TestMain(m *testing.M) {
	code := m.Run()
	if binary.dir != "" {
		os.RemoveAll(binary.dir)
	}
	os.Exit(code)
}
