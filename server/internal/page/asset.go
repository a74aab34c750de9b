package page

import (
	"crypto/sha256"
	_ "embed" // the three files
	"encoding/hex"
	"sync"
)

//go:embed asset/bank.css
var bankCSS string

//go:embed asset/start.css
var startCSS string

//go:embed asset/page.js
var pageJS string

// asset is one file that pages refer to, with the hash that lets a browser keep it for ever.
type asset struct{ body, kind, hash string }

var assets = sync.OnceValue(func() map[string]asset {
	set := map[string]asset{
		"bank.css":  {body: bankCSS, kind: "text/css; charset=utf-8"},
		"start.css": {body: startCSS, kind: "text/css; charset=utf-8"},
		"page.js":   {body: pageJS, kind: "text/javascript; charset=utf-8"},
	}
	for name, a := range set {
		sum := sha256.Sum256([]byte(a.body))
		a.hash = hex.EncodeToString(sum[:6])
		set[name] = a
	}
	return set
})

// Asset returns a file that the pages refer to as {Root}/-/{name}?v={hash}. The hash is of the content, so an answer to a URL with v
// may be cached for ever.
func Asset(name string) (body []byte, contentType string, ok bool) {
	a, ok := assets()[name]
	return []byte(a.body), a.kind, ok
}

func assetURL(root, name string) string { return root + "/-/" + name + "?v=" + assets()[name].hash }
