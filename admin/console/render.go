package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"path"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v3"

	"sandbank/server/fail"
)

//go:embed screen/*.html
var screenFiles embed.FS

//go:embed asset/*.css asset/*.js asset/*.svg
var assetFiles embed.FS

// templates are parsed once: all screens, and the frame around them.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(functions()).ParseFS(screenFiles, "screen/*.html"))
})

// asset is a file that pages refer to, with the hash that lets a browser keep it for ever.
type asset struct {
	body       []byte
	kind, hash string
}

var assets = sync.OnceValue(func() map[string]asset {
	set := map[string]asset{}
	names, err := assetFiles.ReadDir("asset")
	if err != nil {
		panic(err) // they are compiled in
	}
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	for _, f := range names {
		body, err := assetFiles.ReadFile("asset/" + f.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(body)
		set[f.Name()] = asset{body, kinds[path.Ext(f.Name())], hex.EncodeToString(sum[:6])}
	}
	return set
})

func serveAsset(ctx fiber.Ctx, name string) error {
	a, ok := assets()[name]
	if !ok {
		return ctx.SendStatus(404)
	}
	ctx.Set("Content-Type", a.kind)
	ctx.Set("X-Content-Type-Options", "nosniff")
	ctx.Set("Cache-Control", "public, max-age=31536000, immutable") // the URL carries a hash of the content
	return ctx.Send(a.body)
}

// Asset is the URL of a file. It is the same in all spaces, so that a browser loads it once.
func (v *visit) Asset(name string) string { return base + "/-/" + name + "?v=" + assets()[name].hash }

// render builds the page and sends it in its frame.
func (v *visit) render(status int) error {
	data, err := v.Page.build(v)
	if err != nil {
		if m, ok := err.(moved); ok {
			return v.redirect(m.to)
		}
		if f, ok := err.(file); ok {
			return v.hand(f)
		}
		e := fail.From(err)
		if v.Failed() != nil { // an action that ended what its page was about
			return v.refuse(v.failed.status, fail.New(fail.InvalidRequest, "%s", v.failed.Text))
		}
		return v.refuse(statusOf(e), e)
	}
	if v.failed != nil {
		status = v.failed.status
	}
	return v.send(status, v.Page.name, data)
}

// file is what a page's address leads to instead of a page.
type file struct{ name, kind, body string }

// Error says what it is.
func (f file) Error() string { return "the file " + f.name }

// hand sends a file to be kept.
func (v *visit) hand(f file) error {
	v.ctx.Set("Content-Type", f.kind)
	v.ctx.Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
	return v.ctx.SendString(f.body)
}

func statusOf(e *fail.Error) int {
	if e.Kind == fail.InvalidField {
		return 400 // of the page's own query
	}
	return status(e)
}

// send renders a screen within the frame.
func (v *visit) send(status int, name string, data any) error {
	var screen, whole bytes.Buffer
	if err := templates().ExecuteTemplate(&screen, name, data); err != nil {
		return err
	}
	// The heading takes the focus where what had it is gone.
	v.Main = template.HTML(strings.Replace(screen.String(), "<h1", `<h1 tabindex="-1"`, 1))
	frame := "frame"
	if name == "door" {
		frame = "bare"
	}
	if err := templates().ExecuteTemplate(&whole, frame, v); err != nil {
		return err
	}
	body := whole.Bytes()
	if lead := v.Lead(); lead != "" { // files and icons are written without it, wherever they are drawn
		body = bytes.ReplaceAll(body, []byte(`="`+base+`/-/`), []byte(`="`+esc(lead)+base+`/-/`))
	}
	v.ctx.Set("Content-Type", "text/html; charset=utf-8")
	return v.ctx.Status(status).Send(body)
}

// Refusal is the page of what went wrong.
type Refusal struct {
	V      *visit
	Status int
	Why    string
}

func (v *visit) refuse(status int, e *fail.Error) error {
	titles := map[int]string{400: "That does not fit", 403: "Not with this key", 404: "There is no such thing", 405: "Not that way", 409: "Not as things stand", 422: "A field does not fit"}
	title := titles[status]
	if title == "" {
		title = "That did not work"
	}
	v.Page = &page{Title: title, name: "refusal"}
	return v.send(status, "refusal", Refusal{v, status, e.Why})
}

func iconHTML(name string) string {
	if name == "" {
		return ""
	}
	return `<svg class="i" aria-hidden="true"><use href="` + base + `/-/icons.svg?v=` + assets()["icons.svg"].hash + `#i-` + name + `"/></svg>`
}

func esc(s string) string { return template.HTMLEscapeString(s) }

func codeHTML(caption, code, mark string) template.HTML {
	return template.HTML(`<figure class="code"><figcaption>` + esc(caption) + `<button type="button" class="quiet tight" data-copy>` + iconHTML("copy") +
		`Copy</button></figcaption><pre tabindex="0"><code ` + mark + `>` + esc(code) + `</code></pre></figure>`)
}
