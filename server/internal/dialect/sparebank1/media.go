package sparebank1

import (
	"strings"

	"sandbank/server/fail"
	"sandbank/server/internal/wire"
)

const (
	vendor = "application/vnd.sparebank1."
	plain  = "application/json; charset=utf-8"
)

// reply answers under the media type that the caller prefers. No Accept header ever brings 406 for JSON: clients mix the versions 1 to
// 5, spell them in any case and with or without the blank, or send none (banks.md 3.3).
func reply(c *wire.Call, status int, v any) error {
	return c.JSONAs(status, mediaType(c.Header("Accept")), v)
}

// mediaType is the first type of an Accept header that the bank has: a version of its own, or application/json; otherwise version 1.
func mediaType(accept string) string {
	for one := range strings.SplitSeq(accept, ",") {
		one, _, _ = strings.Cut(one, ";")
		one = strings.ToLower(strings.TrimSpace(one))
		if one == "application/json" {
			return plain
		}
		if v := version(one); v != 0 {
			return vendor + "v" + string(v) + "+json; charset=utf-8"
		}
	}
	return vendor + "v1+json; charset=utf-8"
}

// version is the digit of one of the bank's own media types, or 0.
func version(kind string) byte {
	rest, ok := strings.CutPrefix(kind, vendor+"v")
	if !ok || len(rest) < 2 || rest[0] < '1' || rest[0] > '5' || rest[1:] != "+json" {
		return 0
	}
	return rest[0]
}

// body decodes a JSON body that says it is one.
func body(c *wire.Call, into any) error {
	if kind := c.MediaType(); kind != "application/json" && version(kind) == 0 {
		return c.Trail.No("media type", fail.New(fail.UnsupportedMedia, "the body is %q, neither application/json nor %sv1+json", kind, vendor))
	}
	if err := c.ReadJSON(into); err != nil {
		return c.Trail.No("body", fail.From(err))
	}
	return nil
}
