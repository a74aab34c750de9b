package console_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sandbank/server"
	"sandbank/server/servertest"
	"sandbank/server/servertest/chromium"
)

// The README's pictures, and what each must show. With SANDBANK_SHOTS=shots they are made anew:
//
//	SANDBANK_SHOTS=shots go test ./admin/console -run TestReadmeShots
//
// They are 1280 px wide, drawn at 1000. From one making to the next only the port, the milliseconds and the distance from real time differ.
func TestReadmeShots(t *testing.T) {
	browser := chromium.Start(t)
	s := open(t, server.Options{Seed: 7, Start: time.Date(2026, 12, 3, 14, 35, 0, 0, time.UTC)}, "").lively()
	tab := s.tab(browser, "shots", true)
	for _, shot := range []struct {
		name, path, theme string
		height            int64
		shows             string // a selector of what the picture is there for
	}{
		{"dashboard", "/admin", "light", 850, "tr[id^=next-] .left progress"},
		{"tokens", "/admin/tokens/" + s.holes["tokens/{id}"] + "?state=live", "light", 930, "tr.open .lanes .on"},
		{"inspector", "/admin/inspector/" + s.holes["inspector/{id}"], "light", 860, ".why .no"},
		{"clock", "/admin/clock", "dark", 1040, ".lanes circle.k-bad"},
	} {
		var picture []byte
		err := chromedp.Do(tab, scheme(shot.theme), chromedp.EmulateViewport(1280, shot.height, chromedp.EmulateScale(1000.0/1280)),
			chromedp.Navigate(s.URL()+shot.path), chromedp.WaitVisible(chromedp.CSS(shot.shows)))
		if err == nil {
			picture, err = chromedp.Run(tab, chromedp.CaptureScreenshot())
		}
		if err != nil {
			t.Fatalf("%s: %v", shot.name, err)
		}
		keep(t, shot.name, picture)
	}
}

// keep writes a picture where SANDBANK_SHOTS says, in at most 256 colours: the commonest of those that can be told apart.
func keep(t *testing.T, name string, picture []byte) {
	t.Helper()
	dir := os.Getenv("SANDBANK_SHOTS")
	if dir == "" {
		return
	}
	drawn, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	size, seen := drawn.Bounds(), map[color.Color]int{}
	for y := range size.Dy() {
		for x := range size.Dx() {
			seen[drawn.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(seen), func(a, b color.Color) int { return seen[b] - seen[a] })
	few := image.NewPaletted(size, color.Palette{colours[0]})
	for _, c := range colours {
		if len(few.Palette) < 256 && !near(c, few.Palette.Convert(c)) {
			few.Palette = append(few.Palette, c)
		}
	}
	draw.Draw(few, size, drawn, size.Min, draw.Src)
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, few); err != nil {
		t.Fatal(err)
	}
	servertest.WriteFile(t, filepath.Join(dir, name+".png"), small.String())
}

// near tells whether nobody sees the difference: eight of 256 steps in each of red, green and blue.
func near(a, b color.Color) bool {
	r, g, bl, _ := a.RGBA()
	x, y, z, _ := b.RGBA()
	return max(max(r, x)-min(r, x), max(g, y)-min(g, y), max(bl, z)-min(bl, z)) <= 8<<8
}

// The README shows every picture that is kept, says in words what is seen, and loads fast: none has more than 80 kB.
func TestReadmeShowsTheShots(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("shots/*.png")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d pictures, %v", len(files), err)
	}
	for _, file := range files {
		if shown := regexp.MustCompile(`!\[[^\]]{40,}\]\(admin/console/` + regexp.QuoteMeta(file) + `\)`); !shown.Match(readme) {
			t.Errorf("the README does not show %s with an alternative text", file)
		}
		if info, err := os.Stat(file); err != nil || info.Size() > 80_000 {
			t.Errorf("%s: %v, %v", file, info.Size(), err)
		}
	}
}

// lively is a sandbox in the middle of an afternoon: an hour of traffic, somebody at each of the five banks, refusals of several kinds,
// a turned knob, an armed fault, a clock that was moved, spaces and a snapshot beside it.
func (s *stage) lively() *stage {
	s.t.Helper()
	s.pull("POST", "/users", object{"bank": "berlin", "count": 2, "persona": "family"}).Want(201)
	s.pull("POST", "/spaces", object{"names": []string{"p01", "p02", "oslo"}}).Want(201)
	s.pull("POST", "/snapshots", object{"name": "clean"}).Want(201)
	for minute := range 58 {
		token := s.token()
		for range 1 + minute%3 {
			s.Get("/account/balance", servertest.Bearer(token)).Want(200)
		}
		for range minute % 7 / 3 {
			s.token()
		}
		s.Advance(time.Minute)
		if minute%5 == 2 {
			s.Get("/account/info", servertest.Bearer(token)).Want(400)
		}
		if minute == 20 {
			s.pull("POST", "/clock", object{"advance": "10m"}).Want(200)
		}
	}
	s.shareBank()
	s.servers()
	s.accountsBG()
	s.pull("POST", "/faults", object{"line": "bank=berlin; op=accounts; status=503; next=2"}).Want(201)
	s.Get("/account/balance", servertest.Bearer(s.token())).Want(200)
	s.Advance(21 * time.Second)
	s.Get("/account/info", servertest.Bearer(s.token())).Want(200)
	return s
}

const back = "http://127.0.0.1:9000/cb"

// shareBank is dave at SpareBank 1, whose client sends its code twice: that ends the first tokens.
func (s *stage) shareBank() {
	s.t.Helper()
	page := s.Browser().Get("/oauth/authorize?response_type=code&client_id=sb1-demo&state=x&finInst=fid-smn&redirect_uri="+back).Submit("login", "dave", "password", "x")
	page = page.Submit("demo", page.Doc.Find("[name=demo]").AttrOr("value", ""))
	redeem := url.Values{"grant_type": {"authorization_code"}, "code": {page.Away.Query().Get("code")}, "redirect_uri": {back}}
	token := s.Post("/oauth/token", redeem, servertest.Basic("sb1-demo", "sb1-demo-secret")).Want(200).Text("access_token")
	s.Get("/personal/banking/accounts", servertest.Bearer(token)).Want(200)
	s.Advance(12 * time.Second)
	s.Post("/oauth/token", redeem, servertest.Basic("sb1-demo", "sb1-demo-secret")).Want(400)
}

// accountsBG is dave and jane at Accounts BG. Jane's access token lives a minute, is used too late, refreshed, and the call is tried once more.
func (s *stage) accountsBG() {
	s.t.Helper()
	s.consented("dave")
	s.pull("PATCH", "/policies", object{"level": object{"bank": "berlin", "client": "bg-demo"}, "set": object{"access": "60s"}}).Want(200)
	first := s.consented("jane")
	for _, after := range []time.Duration{4 * time.Second, 16 * time.Second, 20 * time.Second} {
		s.Advance(after)
		s.Get("/v1/accounts", servertest.Bearer(first.Text("access_token"))).Want(200)
	}
	s.Advance(20800 * time.Millisecond)
	s.Get("/v1/accounts", servertest.Bearer(first.Text("access_token"))).Want(401)
	refused := s.Last()
	next := s.Post("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Text("refresh_token")}}, servertest.Basic("bg-demo", "bg-demo-secret")).Want(200)
	s.Get("/v1/accounts", servertest.Bearer(next.Text("access_token"))).Want(200)
	var live struct{ Items []struct{ ID string } }
	s.pull("GET", "/tokens?bank=berlin&user=jane&kind=access&state=live", nil).Want(200).Into(&live)
	s.holes = map[string]string{"tokens/{id}": live.Items[0].ID, "inspector/{id}": strconv.FormatUint(refused.ID, 10)}
}

// consented is the answer of the token endpoint to a consent and a login at Accounts BG.
func (s *stage) consented(user string) *servertest.Answer {
	s.t.Helper()
	consent := s.PostJSON("/consent", object{"access": object{"accounts": []string{}, "balances": []string{}, "transactions": []string{}}, "recurringIndicator": true, "validUntil": "9999-12-31",
		"frequencyPerDay": 4}).Want(201).Text("consentId")
	allowed := s.Browser().Get("/oauth2/authorize?response_type=code&client_id=bg-demo&state=x&redirect_uri="+back+"&consentId="+consent).Submit("login", user, "password", "x").Submit()
	return s.Post("/oauth2/token", url.Values{"grant_type": {"authorization_code"}, "code": {allowed.Away.Query().Get("code")}, "redirect_uri": {back}}, servertest.Basic("bg-demo", "bg-demo-secret")).Want(200)
}

// servers are the two banks without a browser: S2S by its service account, finAPI by a user of its client. Each is refused once as well.
func (s *stage) servers() {
	s.t.Helper()
	ibm := []servertest.Option{servertest.Header("X-IBM-client-id", "s2s-demo"), servertest.Header("X-IBM-client-secret", "s2s-demo-secret")}
	code := s.Get("/api/v1/s2s-oauth2/code", append(ibm, servertest.Header("X-Service-Account-ID", "12a42d02-0845-46f8-b6e2-202e1e792364"),
		servertest.Header("X-Service-Account-Secret", "AQvfpNrjQAiOcQQxKdwGoC860yVdvE3D2iRGsjZ2qwoeYlZ5po"), servertest.Header("scope", "read:accounts all:remittance"))...).Want(200).Text("code")
	token := s.Post("/api/v1/s2s-oauth2/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}}, servertest.Basic("s2s-demo", "s2s-demo-secret")).Want(200).Text("access_token")
	s.Get("/api/v1/accounts", append(ibm, servertest.Bearer(token))...).Want(200)
	s.Get("/api/v1/accounts", append(ibm, servertest.Bearer("AAInothing"))...).Want(401)

	grant := url.Values{"grant_type": {"client_credentials"}, "client_id": {"finapi-demo"}, "client_secret": {"finapi-demo-secret"}}
	client := s.Post("/oauth/token", grant).Want(200).Text("access_token")
	s.PostJSON("/users", object{"id": "lena", "password": "lena-password", "email": "lena@example.org", "phone": "+49 30 1234", "isAutoUpdateEnabled": false}, servertest.Bearer(client)).Want(201)
	grant["grant_type"], grant["username"], grant["password"] = []string{"password"}, []string{"lena"}, []string{"lena-password"}
	user := s.Post("/oauth/token", grant).Want(200).Text("access_token")
	s.Get("/finapi/api/v1/accounts", servertest.Bearer(user)).Want(200)
	s.Get("/finapi/api/v1/accounts", servertest.Bearer(client)).Want(403)
}
