package strangers_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sandbank/server/servertest/chromium"
)

// kit is the library that a client is made of.
type kit struct {
	name, pinned, language string
	version                func(*testing.T) string // the one installed here; a machine without it skips the test
}

var (
	xOAuth2          = kit{"golang.org/x/oauth2", "v0.37.0", "Go", module("golang.org/x/oauth2")}
	goOIDC           = kit{"github.com/coreos/go-oidc", "v3.21.0", "Go", module("github.com/coreos/go-oidc/v3")}
	simpleOAuth2     = kit{"simple-oauth2", "5.1.0", "JavaScript", npmPackage("simple-oauth2")}
	oauth4webapi     = kit{"oauth4webapi", "3.8.8", "JavaScript", npmPackage("oauth4webapi")}
	browserLibrary   = kit{"oauth4webapi, in a browser app", "3.8.8", "JavaScript", npmPackage("oauth4webapi")}
	openidClient     = kit{"openid-client", "6.8.9", "JavaScript", npmPackage("openid-client")}
	requestsOAuthlib = kit{"requests-oauthlib", "1.3.0", "Python", pythonPackage("requests-oauthlib")}
	tutorial         = kit{"the tutorial of SpareBank 1, with requests", "2.28.1", "Python", pythonPackage("requests")}
	yoishoClient     = kit{"the web client of Yoisho, with requests", "2.28.1", "Python", pythonPackage("requests")}
	authlib          = kit{"Authlib", "1.2.0", "Python", pythonPackage("Authlib")}
)

// debian tells whether the system has the client's version in its hands, and no test can pin it.
func (k *kit) debian() bool { return k.language == "Python" }

// module is the version of a Go module that go.mod selects.
func module(path string) func(*testing.T) string {
	return func(t *testing.T) string {
		out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", path).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
}

// npm is the directory node_modules with the clients from npm.
func npm(t *testing.T) string {
	dir := os.Getenv("SANDBANK_NPM")
	if dir == "" {
		chromium.Optional(t, "no clients from npm: set SANDBANK_NPM to a node_modules that has them, as .ci/run does")
	}
	if _, err := exec.LookPath("node"); err != nil {
		chromium.Optional(t, "no node on this machine")
	}
	return dir
}

func npmPackage(name string) func(*testing.T) string {
	return func(t *testing.T) string {
		text, err := os.ReadFile(filepath.Join(npm(t), name, "package.json"))
		if err != nil {
			chromium.Optional(t, err.Error())
		}
		var v struct{ Version string }
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		return v.Version
	}
}

// able is a Python that has the clients: Debian's own, or the one that a person calls python3.
var able = sync.OnceValue(func() string {
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import requests_oauthlib, authlib").Run() == nil {
			return python
		}
	}
	return ""
})

func interpreter(t *testing.T) string {
	if able() == "" {
		chromium.Optional(t, "no Python with the clients: they are Debian's packages python3-requests-oauthlib and python3-authlib")
	}
	return able()
}

func pythonPackage(name string) func(*testing.T) string {
	return func(t *testing.T) string {
		out, err := exec.Command(interpreter(t), "-c", "import importlib.metadata as m; print(m.version('"+name+"'))").Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
}
