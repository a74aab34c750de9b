package console

// begunCookie is kept by whoever needs the first steps no more.
const begunCookie = "sandbank_begun"

// begin puts the first steps away, in this browser.
func (v *visit) begin() error {
	const year = 365 * 24 * 3600
	v.remember(begunCookie, "yes", "/", year)
	return v.redirect(v.At())
}

// Begun tells whether the first steps were put away.
func (d *Dashboard) Begun() bool { return d.V.ctx.Cookies(begunCookie) != "" }
