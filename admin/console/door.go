package console

import (
	"sandbank/admin"
	"sandbank/server/fail"
)

// shut answers whoever has no key with a page that asks for one. What comes from another site's page gets no page at all.
func (v *visit) shut(e *fail.Error) error {
	if e.Kind != fail.TokenMissing {
		return v.ctx.Status(status(e)).SendString(e.Why + "\n")
	}
	if v.ctx.Method() == "POST" && v.here == base+"/login" {
		return v.post("login")
	}
	return v.door(401, "")
}

// unlock takes a key and keeps it in the browser. A space's own key opens that space alone, so it is kept for its paths.
func (v *visit) unlock(key, back string) error {
	panel := v.console.panel
	if !panel.Opens(key, v.Space) {
		return v.door(401, "That key opens nothing here.")
	}
	path := v.Root + base
	if panel.Master(key) {
		path = "/"
	}
	v.remember(admin.Cookie, key, path, 0)
	return v.redirect(v.own(back))
}

// Door is the page that asks for a key.
type Door struct {
	V           *visit
	Back, Wrong string
}

func (v *visit) door(status int, wrong string) error {
	v.Page = &page{Title: "Sign in", name: "door"}
	back := v.Root + v.here
	if v.here == base+"/login" {
		back = v.At()
	}
	return v.send(status, "door", Door{v, back, wrong})
}
