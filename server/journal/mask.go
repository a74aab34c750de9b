package journal

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Masked is a copy of the entry in which everything that opens something is shown as its first four characters and …: tokens, codes,
// secrets, passwords and sessions, in Authorization, cookies, Location, the query, forms, JSON and pages. What is secret is told by the
// name under which it stands.
func (e *Entry) Masked() *Entry {
	c := *e
	c.Target = maskURL(e.Target)
	c.Request, c.Response = maskPart(e.Request), maskPart(e.Response)
	return &c
}

// MaskedTarget is the target of Masked, for lists, which show no more of an entry.
func (e *Entry) MaskedTarget() string { return maskURL(e.Target) }

// Mask shows the first four characters of a secret; of one that has no more, none.
func Mask(secret string) string {
	r := []rune(secret)
	if len(r) <= 4 {
		return "…"
	}
	return string(r[:4]) + "…"
}

// Secret tells whether a header, parameter or field of this name carries something that opens something.
func Secret(name string) bool {
	n := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
	switch n {
	case "code", "devicecode", "codeverifier", "psw", "pass", "passwd", "pwd", "pin", "otp", "tan", "assertion", "clientassertion", "key",
		"session", "sessionid", "sid", "jwt", "scaauthenticationdata", "authorization", "proxyauthorization", "cookie", "setcookie", "idtokenhint":
		return true
	}
	if strings.Contains(n, "secret") || strings.Contains(n, "password") || strings.HasSuffix(n, "apikey") {
		return true
	}
	harmless := func(end string) bool { return strings.HasSuffix(n, end) }
	return strings.Contains(n, "token") && !slices.ContainsFunc([]string{"type", "hint", "in", "at", "expires", "endpoint", "url", "uri", "id", "supported"}, harmless)
}

func maskPart(p Part) Part {
	lines := strings.SplitAfter(string(p.Head), "\n")
	for i, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.ContainsAny(name, " \t") {
			continue
		}
		text := strings.TrimRight(value, "\r\n")
		lines[i] = name + ":" + maskHeader(name, text) + value[len(text):]
	}
	body := string(p.Body)
	switch kind := p.MediaType(); {
	case body == "":
	case kind == "application/x-www-form-urlencoded" || kind == "" && !strings.HasPrefix(body, "{"):
		body = maskForm(body)
	case strings.HasSuffix(kind, "json") || strings.HasPrefix(body, "{"):
		body = maskJSON(body)
	default:
		body = maskText(body)
	}
	return Part{Head: []byte(strings.Join(lines, "")), Body: []byte(body), Size: p.Size, Cut: p.Cut}
}

// maskHeader masks one value; the blanks around it stay.
func maskHeader(name, value string) string {
	trimmed := strings.TrimSpace(value)
	lead := value[:strings.Index(value, trimmed)]
	switch strings.ToLower(name) {
	case "authorization", "proxy-authorization":
		scheme, credentials, ok := strings.Cut(trimmed, " ")
		if !ok {
			return lead + Mask(trimmed)
		}
		return lead + scheme + " " + Mask(strings.TrimSpace(credentials))
	case "cookie":
		pairs := strings.Split(trimmed, ";")
		for i, p := range pairs {
			pairs[i] = maskPair(p)
		}
		return lead + strings.Join(pairs, ";")
	case "set-cookie":
		pair, _, _ := strings.Cut(trimmed, ";")
		return lead + maskPair(pair) + trimmed[len(pair):]
	case "location", "referer", "content-location", "link":
		return lead + maskURL(trimmed)
	}
	if trimmed != "" && Secret(name) {
		return lead + Mask(trimmed)
	}
	return value
}

func maskPair(pair string) string {
	name, value, ok := strings.Cut(pair, "=")
	if !ok || value == "" {
		return pair
	}
	return name + "=" + Mask(value)
}

// maskURL masks the parameters of a query and of a fragment; the rest stays as it is.
func maskURL(target string) string {
	rest, fragment, hasFragment := strings.Cut(target, "#")
	path, query, hasQuery := strings.Cut(rest, "?")
	if hasQuery {
		path += "?" + maskForm(query)
	}
	if hasFragment {
		path += "#" + maskForm(fragment)
	}
	return path
}

// maskForm masks name=value pairs and leaves their encoding as it is.
func maskForm(form string) string {
	pairs := strings.Split(form, "&")
	for i, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || value == "" {
			continue
		}
		plain, err := url.QueryUnescape(name)
		if err != nil {
			plain = name
		}
		if strings.HasPrefix(plain, "redirect") { // the URI of an app may carry codes of its own
			if to, err := url.QueryUnescape(value); err == nil && maskURL(to) != to {
				pairs[i] = name + "=" + url.QueryEscape(maskURL(to))
			}
			continue
		}
		if !Secret(plain) {
			continue
		}
		if text, err := url.QueryUnescape(value); err == nil {
			shown := strings.TrimSuffix(Mask(text), "…")
			pairs[i] = name + "=" + url.QueryEscape(shown) + "…"
		} else {
			pairs[i] = name + "=…"
		}
	}
	return strings.Join(pairs, "&")
}

var (
	assigned = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_-]*)=([^&\s"'<>;]+)`)
	input    = regexp.MustCompile(`(?i)<input\b[^>]*>`)
	named    = regexp.MustCompile(`(?i)\bname\s*=\s*["']?([^"'\s>]+)`)
	valued   = regexp.MustCompile(`(?i)(\bvalue\s*=\s*["'])([^"']*)`)
)

// maskText masks name=value in prose and links, and the hidden fields of a page.
func maskText(text string) string {
	text = input.ReplaceAllStringFunc(text, func(tag string) string {
		name := named.FindStringSubmatch(tag)
		if name == nil || !Secret(name[1]) {
			return tag
		}
		return valued.ReplaceAllStringFunc(tag, func(value string) string {
			m := valued.FindStringSubmatch(value)
			if m[2] == "" {
				return value
			}
			return m[1] + Mask(m[2])
		})
	})
	return assigned.ReplaceAllStringFunc(text, func(pair string) string {
		m := assigned.FindStringSubmatch(pair)
		if !Secret(m[1]) {
			return pair
		}
		return m[1] + "=" + Mask(m[2])
	})
}

// maskJSON masks the texts and long numbers under secret names. It reads tokens, not values, so that JSON that was cut, or that is none,
// is masked as far as it goes, and the form stays as it was.
func maskJSON(text string) string {
	var out strings.Builder
	type level struct{ array, secret bool }
	var stack []level
	name, secret := "", false
	for i := 0; i < len(text); {
		j := i + 1
		switch c := text[i]; {
		case c == '"':
			j = endOfString(text, i)
			if key := strings.TrimLeft(text[j:], " \t\r\n"); strings.HasPrefix(key, ":") {
				name = unquote(text[i:j])
				secret = Secret(name)
			} else if secret {
				out.WriteString(maskString(name, text[i:j]))
				i = j
				continue
			}
		case c == '{':
			stack, secret = append(stack, level{false, secret}), false
		case c == '[':
			stack = append(stack, level{true, secret})
		case (c == '}' || c == ']') && len(stack) > 0:
			secret, stack = stack[len(stack)-1].secret, stack[:len(stack)-1]
		case c == ',' && (len(stack) == 0 || !stack[len(stack)-1].array):
			secret = false
		case secret && c >= '0' && c <= '9':
			for j < len(text) && text[j] >= '0' && text[j] <= '9' {
				j++
			}
			if j-i > 4 {
				out.WriteString(quote(Mask(text[i:j])))
				i = j
				continue
			}
		}
		out.WriteString(text[i:j])
		i = j
	}
	return out.String()
}

// maskString masks a JSON string. "code" is also what errors are called by: a word, or a status, is no secret.
func maskString(name, quoted string) string {
	value := unquote(quoted)
	if strings.EqualFold(name, "code") && wordy(value) || value == "" {
		return quoted
	}
	return quote(Mask(value))
}

// wordy tells whether a text is a name as programs write them (TOKEN_EXPIRED, amount.invalid) or a status code.
func wordy(s string) bool {
	letters := strings.Map(func(r rune) rune {
		if strings.ContainsRune("_-. ", r) {
			return -1
		}
		return r
	}, s)
	if len(letters) == 3 && strings.Trim(letters, "0123456789") == "" {
		return true
	}
	isLetter := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
	if strings.ContainsFunc(letters, func(r rune) bool { return !isLetter(r) }) {
		return false
	}
	return letters == strings.ToLower(letters) || letters == strings.ToUpper(letters)
}

// endOfString is the index behind the closing quote, or the end of the text.
func endOfString(text string, i int) int {
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '\\':
			j++
		case '"':
			return j + 1
		}
	}
	return len(text)
}

func unquote(quoted string) string {
	var s string
	if json.Unmarshal([]byte(quoted), &s) == nil {
		return s
	}
	return strings.Trim(quoted, `"`)
}

func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
