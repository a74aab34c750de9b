package journal

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sandbank/server/fail"
)

// HAREntry is an entry as the HTTP Archive format 1.2 writes it. Names with an underscore are ours, which the format allows.
type HAREntry struct {
	Started  string       `json:"startedDateTime"` // by the space's clock
	Time     float64      `json:"time"`            // milliseconds
	Request  harRequest   `json:"request"`
	Response harResponse  `json:"response"`
	Cache    struct{}     `json:"cache"`
	Timings  harTimings   `json:"timings"`
	ID       uint64       `json:"_id"`
	Bank     string       `json:"_bank,omitempty"`
	Op       string       `json:"_op,omitempty"`
	Kind     fail.Kind    `json:"_kind,omitempty"`
	Why      string       `json:"_why,omitempty"`
	Fault    string       `json:"_fault,omitempty"`
	Trail    []fail.Check `json:"_trail,omitempty"`
}

type (
	harRequest struct {
		Method      string      `json:"method"`
		URL         string      `json:"url"`
		Version     string      `json:"httpVersion"`
		Cookies     []harCookie `json:"cookies"`
		Headers     []Header    `json:"headers"`
		Query       []Header    `json:"queryString"`
		Post        *harPost    `json:"postData,omitempty"`
		HeadersSize int         `json:"headersSize"`
		BodySize    int         `json:"bodySize"`
	}
	harResponse struct {
		Status      int         `json:"status"`
		StatusText  string      `json:"statusText"`
		Version     string      `json:"httpVersion"`
		Cookies     []harCookie `json:"cookies"`
		Headers     []Header    `json:"headers"`
		Content     harContent  `json:"content"`
		Redirect    string      `json:"redirectURL"`
		HeadersSize int         `json:"headersSize"`
		BodySize    int         `json:"bodySize"`
	}
	harPost struct {
		MimeType string `json:"mimeType"`
		Text     string `json:"text"`
		Comment  string `json:"comment,omitempty"`
	}
	harContent struct {
		Size     int    `json:"size"`
		MimeType string `json:"mimeType"`
		Text     string `json:"text,omitempty"`
		Encoding string `json:"encoding,omitempty"`
		Comment  string `json:"comment,omitempty"`
	}
	harCookie struct {
		Name     string `json:"name"`
		Value    string `json:"value"`
		Path     string `json:"path,omitempty"`
		HTTPOnly bool   `json:"httpOnly"`
		Secure   bool   `json:"secure"`
	}
	harTimings struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	}
)

const (
	harVersion = "HTTP/1.1"
	cutComment = "the journal keeps the first 16 KiB of a body"
)

// HAR writes the entry down; scheme is http or https.
func (e *Entry) HAR(scheme string) HAREntry {
	took := float64(e.Took) / float64(time.Millisecond)
	h := HAREntry{Started: e.At.Format("2006-01-02T15:04:05.000Z07:00"), Time: took, Timings: harTimings{Wait: took},
		ID: e.ID, Bank: e.Bank, Op: e.Op, Kind: e.Kind, Why: e.Why, Fault: e.Fault, Trail: e.Trail}
	in, out := e.Request, e.Response
	h.Request = harRequest{Method: e.Method, URL: ascii(e.URL(scheme)), Version: harVersion, Cookies: []harCookie{}, Headers: in.Headers(),
		Query: query(e.Target), HeadersSize: -1, BodySize: in.Size}
	for _, c := range cookies(in.Header("Cookie")) {
		h.Request.Cookies = append(h.Request.Cookies, harCookie{Name: c.Name, Value: c.Value})
	}
	if in.Size > 0 {
		text, ok := in.Text()
		comment := ""
		if !ok {
			text, comment = base64.StdEncoding.EncodeToString(in.Body), "the text is base64" // the format has no encoding here
		}
		if in.Cut {
			comment = strings.TrimPrefix(comment+"; "+cutComment, "; ")
		}
		h.Request.Post = &harPost{MimeType: in.Header("Content-Type"), Text: text, Comment: comment}
	}
	h.Response = harResponse{Status: e.Status, StatusText: statusText(out.Head), Version: harVersion, Cookies: setCookies(out), Headers: out.Headers(),
		Redirect: out.Header("Location"), HeadersSize: len(out.Head), BodySize: out.Size,
		Content: harContent{Size: out.Size, MimeType: out.Header("Content-Type")}}
	c := &h.Response.Content
	if text, ok := out.Text(); ok {
		c.Text = text
	} else {
		c.Text, c.Encoding = base64.StdEncoding.EncodeToString(out.Body), "base64"
	}
	if out.Cut {
		c.Comment = cutComment
	}
	return h
}

// URL is where the request went, as the caller wrote it.
func (e *Entry) URL(scheme string) string {
	if !strings.HasPrefix(e.Target, "/") { // RFC 9112 §3.2.2: the absolute form
		return e.Target
	}
	host := e.Request.Header("Host")
	if host == "" {
		host = "localhost"
	}
	return scheme + "://" + host + e.Target
}

// ascii percent-encodes what no URL may hold.
func ascii(target string) string {
	var b strings.Builder
	for i := range len(target) {
		if c := target[i]; c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16)[1:]))
		}
	}
	return b.String()
}

func query(target string) []Header {
	out := []Header{}
	_, raw, _ := strings.Cut(target, "?")
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		out = append(out, Header{decoded(name), decoded(value)})
	}
	return out
}

func decoded(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

func cookies(value string) (out []Header) {
	for pair := range strings.SplitSeq(value, ";") {
		if name, v, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
			out = append(out, Header{name, v})
		}
	}
	return out
}

func setCookies(p Part) []harCookie {
	out := []harCookie{}
	for _, h := range p.Headers() {
		if !strings.EqualFold(h.Name, "Set-Cookie") {
			continue
		}
		var c harCookie
		for i, part := range strings.Split(h.Value, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			switch {
			case i == 0:
				c.Name, c.Value = name, value
			case strings.EqualFold(name, "path"):
				c.Path = value
			case strings.EqualFold(name, "httponly"):
				c.HTTPOnly = true
			case strings.EqualFold(name, "secure"):
				c.Secure = true
			}
		}
		out = append(out, c)
	}
	return out
}

// statusText is the phrase of "HTTP/1.1 401 Unauthorized".
func statusText(head []byte) string {
	line, _, _ := strings.Cut(string(head), "\r\n")
	parts := strings.SplitN(line, " ", 3)
	if len(parts) < 3 || !strings.HasPrefix(line, "HTTP/") {
		return ""
	}
	return parts[2]
}
