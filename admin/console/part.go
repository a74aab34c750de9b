package console

import (
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"sandbank/admin"
	"sandbank/server/clock"
)

// functions are what templates call. They write the parts that every screen shares.
func functions() template.FuncMap {
	return template.FuncMap{
		"icon":   func(name string) template.HTML { return template.HTML(iconHTML(name)) },
		"named":  named,
		"badge":  badge,
		"code":   func(caption, code string) template.HTML { return codeHTML(caption, code, "") },
		"copy":   copyButton,
		"plural": plural,
		"lower":  strings.ToLower,
		"title":  capital,
		"join":   strings.Join,
		"words":  strings.Fields,
		"dur":    admin.Duration.Spoken,
		"plain":  plain,
		"pretty": pretty,
		"class":  statusClass,
		"tail":   tail,
		"short":  short,
		"dict":   dict,
		"nums":   func(n ...int) []int { return n },
		"meter":  func(used, most int64) Meter { return Meter{used, most} },
		"add":    func(a, b int) int { return a + b },
		"text":   func(v any) string { return fmt.Sprint(v) },
		"bytes":  bytesText,
		"ms":     took,
		"money":  money,
		"worded": worded,
	}
}

// named is a lone icon with its name.
func named(icon, label string) template.HTML {
	return template.HTML(strings.Replace(iconHTML(icon), `aria-hidden="true"`, `role="img" aria-label="`+esc(label)+`"`, 1))
}

// looks are the icon and weight of states, of tokens, grants and consents alike. Exceptions carry weight; what is live is quiet.
var looks = map[string][2]string{
	"live": {"play", "ok"}, "valid": {"check", "ok"}, "open": {"play", ""}, "armed": {"fault", "warn"}, "met": {"check", "ok"}, "in force": {"check", "ok"}, "over": {"clock", ""},
	"expired": {"clock", ""}, "spent": {"undo", ""}, "used": {"check", ""}, "rotated": {"undo", ""}, "closed": {"x", ""}, "paused": {"pause", ""}, "disabled": {"pause", ""},
	"received": {"clock", ""}, "partiallyAuthorised": {"clock", ""}, "rejected": {"x", ""}, "terminatedByTpp": {"x", ""}, "missing": {"x", ""},
	"revoked": {"ban", "bad"}, "revokedByPsu": {"ban", "bad"}, "reused": {"alert", "bad"}, "locked": {"lock", "warn"}, "blocked": {"lock", "warn"},
	"active": {"check", ""}, "enabled": {"check", ""}, "unverified": {"alert", "warn"}, "booked": {"check", ""}, "pending": {"clock", ""},
	"kept": {"check", "ok"}, "broken": {"alert", "bad"}, "not seen": {"search", ""}, "not applicable": {"x", ""},
}

// badge is a state: icon and word, always both.
func badge(state string) template.HTML {
	look, ok := looks[state]
	if !ok {
		look = [2]string{"info", ""}
	}
	return template.HTML(strings.TrimSpace(`<span class="badge `+look[1]) + `">` + iconHTML(look[0]) + esc(state) + `</span>`)
}

// copyButton copies a text that stands beside it.
func copyButton(text string) template.HTML {
	return template.HTML(`<button type="button" class="quiet tight sq" data-copy="` + esc(text) + `" title="Copy">` + string(named("copy", "Copy")) + `</button>`)
}

func plural(n any, one, many string) string {
	text := fmt.Sprint(n)
	if text == "1" {
		return "1 " + one
	}
	return text + " " + many
}

func statusClass(status int) string { return "st st" + strconv.Itoa(status/100) }

// tail is the end of an id like yoisho/dave: who somebody is at whichever bank.
func tail(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// short is the beginning of an id that is too long for a row.
func short(id string) string {
	if r := []rune(id); len(r) > 14 {
		return string(r[:8]) + "…"
	}
	return id
}

// dict is named values for a template: pairs of name and value.
func dict(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return out
}

// Meter is how much of a limit is used; 0 is no limit.
type Meter struct{ Used, Most int64 }

// JSON is a value as JSON.
func (v *visit) JSON(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}

// pretty is JSON, indented; another text stays as it is.
func pretty(text string) string {
	if !json.Valid([]byte(text)) || text == "" {
		return text
	}
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return text
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if e.Encode(v) != nil {
		return text
	}
	return strings.TrimSpace(b.String())
}

func bytesText(n int) string {
	if n < 1024 {
		return strconv.Itoa(n) + " B"
	}
	return strconv.FormatFloat(float64(n)/1024, 'f', 1, 64) + " KiB"
}

// took is how long an answer was on its way, in milliseconds.
func took(d admin.Duration) string {
	if time.Duration(d) < time.Millisecond {
		return "<1 ms"
	}
	return strconv.FormatInt(time.Duration(d).Round(time.Millisecond).Milliseconds(), 10) + " ms"
}

// span is a duration as people say it.
func span(d time.Duration) string { return admin.Duration(d).Spoken() }

// remaining is a countdown's text: 00:07, 12:03:04, 2 d 04:11, 90 d. The page's script writes the same.
func remaining(d time.Duration) string {
	s := int64((d + time.Second - 1) / time.Second)
	switch {
	case s >= 10*86400:
		return fmt.Sprintf("%d d", s/86400)
	case s >= 86400:
		return fmt.Sprintf("%d d %02d:%02d", s/86400, s/3600%24, s/60%60)
	case s >= 3600:
		return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// Left is a countdown to an end, with a bar of what is left of a life where that is known. What has ended says how long ago.
func (v *visit) Left(end time.Time, life *admin.Duration) template.HTML {
	if end.IsZero() {
		return `<span class="dim">never</span>`
	}
	d, how, bar := end.Sub(v.Now), "", ""
	if d > 0 {
		how = " run" // a box of its own: what changes in it moves nothing around it
	}
	if d > 0 && d < 10*time.Second {
		how = " soon run"
	}
	if life != nil && *life > 0 {
		whole := time.Duration(*life).Milliseconds()
		bar = fmt.Sprintf(`<progress value="%d" max="%d" aria-hidden="true"></progress>`, max(0, min(whole, d.Milliseconds())), whole)
	}
	text := "ended " + ago(-d)
	if d > 0 {
		text = remaining(d)
	}
	return template.HTML(fmt.Sprintf(`<span class="left%s"><time role="timer" aria-live="off" datetime="%s" data-ends="%d">%s</time>%s</span>`,
		how, end.UTC().Format(time.RFC3339Nano), end.UnixMilli(), text, bar))
}

// ago is how long something is over.
func ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "just now"
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", d/time.Minute)
	case d < 2*clock.Day:
		return fmt.Sprintf("%d h ago", d/time.Hour)
	}
	return fmt.Sprintf("%d d ago", d/clock.Day)
}

// Clock is the time of day of an instant, in the zone that the reader chose; of another day, the date as well.
func (v *visit) Clock(t time.Time) template.HTML {
	if t.IsZero() {
		return ""
	}
	local, now := t.In(v.zone), v.Now.In(v.zone)
	form := "15:04:05"
	if local.YearDay() != now.YearDay() || local.Year() != now.Year() {
		form = "2006-01-02 15:04:05"
	}
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339Nano) + `">` + local.Format(form) + `</time>`)
}

// Date is the day of an instant.
func (v *visit) Date(t time.Time) template.HTML {
	if t.IsZero() {
		return `<span class="dim">never</span>`
	}
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339Nano) + `">` + t.In(v.zone).Format("2006-01-02") + `</time>`)
}

// Local is an instant in the reader's zone, as text.
func (v *visit) Local(t time.Time, form string) string { return t.In(v.zone).Format(form) }

// Zone is the reader's time zone.
func (v *visit) Zone() string { return v.zone.String() }

// Since is how long ago an instant was on the space's clock.
func (v *visit) Since(t time.Time) string { return ago(v.Now.Sub(t)) }
