package page

import (
	"strconv"
	"time"
)

// Start is the page at /: what runs here, who may enter, what to type first. All of it is data, so that it can say nothing that the
// binary does not do; the tags make the same value the page's answer to a client that asks for JSON.
type Start struct {
	Root        string      `json:"-"`           // prefix of asset URLs, as in Frame
	Base        string      `json:"base"`        // "http://127.0.0.1:8080", with Root, without a slash at the end
	Version     string      `json:"version"`     // of the binary
	Now         time.Time   `json:"now"`         // the space's clock
	Speed       float64     `json:"speed"`       // virtual seconds per real second; 0 while frozen
	Offset      string      `json:"offset"`      // "12 days ahead"; empty: none
	Seed        string      `json:"seed"`        // "random", "42"
	Predictable bool        `json:"predictable"` // whether a seed makes the tokens repeat
	Recipes     []Recipe    `json:"recipes"`
	Banks       []StartBank `json:"banks"`
	Rule        string      `json:"rule"`    // "any password; any loopback redirect URI"
	Links       []Link      `json:"links"`   // health, metrics, this page as JSON
	Console     string      `json:"console"` // URL; empty: no button
}

// Recipe is a short way to a result, one command after the other.
type Recipe struct {
	Title    string    `json:"title"` // "Get a token in three commands"
	Note     string    `json:"note"`  // "Yoisho, the shortest of the five"
	Commands []Command `json:"commands"`
}

// Command is one line for a shell.
type Command struct {
	Title string `json:"title"` // "Log in as dave"; the page counts
	Text  string `json:"text"`
}

// StartBank is one bank, who may log in there and with which clients.
type StartBank struct {
	Name    string        `json:"name"`   // yoisho
	Title   string        `json:"title"`  // "Yoisho"
	About   string        `json:"about"`  // whose ways these are
	People  []string      `json:"people"` // empty: nobody logs in at this bank
	Clients []StartClient `json:"clients"`
	Demo    string        `json:"demo"`  // id of the demo client
	First   string        `json:"first"` // URL where its flow begins
	Links   []Link        `json:"links"` // "Apps with access"
}

// StartClient is one registered client with its credentials.
type StartClient struct {
	ID     string `json:"id"`
	Secret string `json:"secret,omitempty"`
	Note   string `json:"note,omitempty"` // "none, PKCE", "mandator admin"
	Link   Link   `json:"link,omitzero"`  // where its flow begins; zero: not in a browser
}

// Link is a place that exists.
type Link struct {
	Name string `json:"name"` // "/account/authorize"
	URL  string `json:"url"`
	Note string `json:"note,omitempty"` // "Prometheus text"
}

// pace says how the clock runs where that is not as everywhere.
func pace(speed float64) string {
	switch {
	case speed <= 0:
		return "frozen"
	case speed == 1:
		return ""
	}
	return "×" + strconv.FormatFloat(speed, 'f', -1, 64)
}

// count opens a sentence, so small numbers are words.
func count(n int) string {
	words := [...]string{"No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"}
	if n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}
