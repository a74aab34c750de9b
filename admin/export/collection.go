package export

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// The verifier and challenge of RFC 7636, appendix B: a collection cannot deal its own without a script.
var fixed = [][2]string{{"state", "my-state"}, {"verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}, {"challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"},
	{"user", ""}}

// newUser is the script of the request that makes a user, who must be another one each time.
const newUser = `set("user", "user-" + Date.now().toString(36));`

// makesUser tells whether a leg makes the user that the later ones are about.
func (l *Leg) makesUser() bool { return strings.Contains(l.JSON, "{user}") }

// mustache is how collections write variables.
func mustache(text string) string {
	return filled(text, func(name string) string { return "{{" + name + "}}" })
}

// variables are a collection's: what is known, and what its requests take as they go.
func (k Kit) variables() (out [][2]string) {
	out = append(out, [2]string{"base", k.Base})
	for _, name := range k.constants() {
		out = append(out, [2]string{name, k.Has[name]})
	}
	for _, f := range fixed {
		if k.needs(f[0]) {
			out = append(out, f)
		}
	}
	for _, l := range k.Legs {
		for _, t := range l.Take {
			out = append(out, [2]string{t[0], ""})
		}
	}
	return out
}

// about is what a request's page of a collection says.
func (l *Leg) about() string {
	if l.Page {
		return "Open this address in a browser and log in. Copy code from the address where that ends into the variable code of this collection."
	}
	return l.Title
}

type (
	postmanPair struct {
		Key   string `json:"key"`
		Value string `json:"value"`
		Type  string `json:"type,omitempty"`
	}
	postmanURL struct {
		Raw   string        `json:"raw"`
		Host  []string      `json:"host"`
		Path  []string      `json:"path"`
		Query []postmanPair `json:"query,omitempty"`
	}
	postmanBody struct {
		Mode    string        `json:"mode"`
		Raw     string        `json:"raw,omitempty"`
		Form    []postmanPair `json:"urlencoded,omitempty"`
		Options any           `json:"options,omitempty"`
	}
	postmanAuth struct {
		Type  string        `json:"type"`
		Basic []postmanPair `json:"basic,omitempty"`
	}
	postmanRequest struct {
		Method      string        `json:"method"`
		Description string        `json:"description"`
		Auth        postmanAuth   `json:"auth"`
		Header      []postmanPair `json:"header"`
		URL         postmanURL    `json:"url"`
		Body        *postmanBody  `json:"body,omitempty"`
	}
	postmanEvent struct {
		Listen string        `json:"listen"`
		Script postmanScript `json:"script"`
	}
	postmanScript struct {
		Type string   `json:"type"`
		Exec []string `json:"exec"`
	}
	postmanItem struct {
		Name    string         `json:"name"`
		Profile map[string]any `json:"protocolProfileBehavior,omitempty"`
		Event   []postmanEvent `json:"event,omitempty"`
		Request postmanRequest `json:"request"`
	}
	postmanCollection struct {
		Info struct {
			Name        string `json:"name"`
			Description string `json:"description"`
			Schema      string `json:"schema"`
		} `json:"info"`
		Item     []postmanItem `json:"item"`
		Variable []postmanPair `json:"variable"`
	}
)

func pairs(all [][2]string, kind string) []postmanPair {
	out := []postmanPair{}
	for _, p := range all {
		out = append(out, postmanPair{p[0], mustache(p[1]), kind})
	}
	return out
}

// postman writes a collection in Postman's format 2.1.
func postman(k Kit) (*File, error) {
	var c postmanCollection
	c.Info.Name, c.Info.Description = k.Title, "A sandbox, no real money. Send the requests from top to bottom: each takes what the next ones need."
	c.Info.Schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
	for i, l := range k.Legs {
		c.Item = append(c.Item, postmanLeg(i, l))
	}
	for _, v := range k.variables() {
		c.Variable = append(c.Variable, postmanPair{v[0], v[1], "string"})
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(c); err != nil {
		return nil, err
	}
	return &File{"sandbank-" + k.Slug + ".postman_collection.json", "application/json", b.Bytes()}, nil
}

func postmanLeg(i int, l Leg) postmanItem {
	at := postmanURL{Host: []string{"{{base}}"}, Path: strings.Split(strings.TrimPrefix(mustache(l.Path), "/"), "/"), Query: pairs(l.Query, "")}
	at.Raw = "{{base}}" + mustache(l.Path) + query(l)
	r := postmanRequest{Method: l.Method, Description: l.about(), Auth: postmanAuth{Type: "noauth"}, Header: pairs(l.Head, "text"), URL: at}
	if l.Basic {
		r.Auth = postmanAuth{"basic", []postmanPair{{"username", "{{client_id}}", "string"}, {"password", "{{client_secret}}", "string"}}}
	}
	switch {
	case l.JSON != "":
		r.Header = append(r.Header, postmanPair{"Content-Type", "application/json", "text"})
		r.Body = &postmanBody{Mode: "raw", Raw: mustache(l.JSON), Options: map[string]any{"raw": map[string]any{"language": "json"}}}
	case len(l.Form) > 0:
		r.Body = &postmanBody{Mode: "urlencoded", Form: pairs(l.Form, "text")}
	}
	item := postmanItem{Name: fmt.Sprintf("%d. %s", i+1, l.Title), Request: r}
	if l.Method == "GET" && r.Body != nil {
		item.Profile = map[string]any{"disableBodyPruning": true} // a GET may have a body, if the bank wants one
	}
	if l.Page {
		return item // its answer is for a person
	}
	var exec []string
	for _, t := range l.Take {
		exec = append(exec, fmt.Sprintf("pm.collectionVariables.set(%q, pm.response.json()[%q]);", t[0], t[1]))
	}
	if exec != nil {
		item.Event = []postmanEvent{{"test", postmanScript{"text/javascript", exec}}}
	}
	if l.makesUser() {
		item.Event = append(item.Event, postmanEvent{"prerequest", postmanScript{"text/javascript", []string{"pm.collectionVariables." + newUser}}})
	}
	return item
}

// query is a leg's query with variables, as it stands in an address.
func query(l Leg) string {
	var out []string
	for _, p := range l.Query {
		value := p[1]
		if !hole.MatchString(value) {
			value = url.QueryEscape(value)
		}
		out = append(out, url.QueryEscape(p[0])+"="+mustache(value))
	}
	if out == nil {
		return ""
	}
	return "?" + strings.Join(out, "&")
}

// bruno writes a collection as Bruno keeps it, a folder of plain files, in a ZIP archive.
func bruno(k Kit) (*File, error) {
	about, err := json.MarshalIndent(map[string]any{"version": "1", "name": k.Title, "type": "collection", "ignore": []string{}}, "", "  ")
	if err != nil {
		return nil, err
	}
	root := "sandbank-" + k.Slug
	var all strings.Builder
	block(&all, "vars:pre-request", k.variables())
	files := [][2]string{{"bruno.json", string(about) + "\n"}, {"collection.bru", all.String()}}
	for i, l := range k.Legs {
		files = append(files, [2]string{fmt.Sprintf("%d %s.bru", i+1, fileName(l.Title)), brunoLeg(i, l)})
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(root + "/" + f[0])
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(f[1])); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return &File{root + ".bruno.zip", "application/zip", b.Bytes()}, nil
}

// fileName is a title without what file systems refuse.
func fileName(title string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return -1
		}
		return r
	}, title)
}

func brunoLeg(i int, l Leg) string {
	var b strings.Builder
	body, auth := "none", "none"
	switch {
	case l.JSON != "":
		body = "json"
	case len(l.Form) > 0:
		body = "formUrlEncoded"
	}
	if l.Basic {
		auth = "basic"
	}
	block(&b, "meta", [][2]string{{"name", l.Title}, {"type", "http"}, {"seq", fmt.Sprint(i + 1)}})
	block(&b, strings.ToLower(l.Method), [][2]string{{"url", "{{base}}" + mustache(l.Path) + query(l)}, {"body", body}, {"auth", auth}})
	block(&b, "params:query", bruPairs(l.Query))
	block(&b, "headers", bruPairs(l.Head))
	if l.Basic {
		block(&b, "auth:basic", [][2]string{{"username", "{{client_id}}"}, {"password", "{{client_secret}}"}})
	}
	block(&b, "body:form-urlencoded", bruPairs(l.Form))
	if l.JSON != "" {
		fmt.Fprintf(&b, "body:json {\n  %s\n}\n\n", mustache(l.JSON))
	}
	var take [][2]string
	for _, t := range l.Take {
		if l.Page {
			break // its answer is for a person
		}
		take = append(take, [2]string{t[0], "res.body." + t[1]})
	}
	block(&b, "vars:post-response", take)
	if l.makesUser() {
		fmt.Fprintf(&b, "script:pre-request {\n  bru.%s\n}\n\n", strings.Replace(newUser, "set(", "setVar(", 1))
	}
	fmt.Fprintf(&b, "docs {\n  %s\n}\n", l.about())
	return b.String()
}

func bruPairs(all [][2]string) (out [][2]string) {
	for _, p := range all {
		out = append(out, [2]string{p[0], mustache(p[1])})
	}
	return out
}

// block is a part of one of Bruno's files; an empty one is none.
func block(b *strings.Builder, name string, pairs [][2]string) {
	if len(pairs) == 0 {
		return
	}
	b.WriteString(name + " {\n")
	for _, p := range pairs {
		b.WriteString("  " + p[0] + ": " + line(p[1]) + "\n")
	}
	b.WriteString("}\n\n")
}
