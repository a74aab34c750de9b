package server

import (
	"strconv"
	"strings"
	"time"

	"sandbank/server/internal/wire"
	"sandbank/server/journal"
)

// Headers that tell a client about the sandbox itself. A request asks for them by Tell, whose value names one or both: "request, now".
// The switches of a space turn them on for every answer.
const (
	Tell        = "X-Sandbox-Tell"
	TellRequest = "X-Sandbox-Request" // number of the answer's entry in the journal
	TellNow     = "X-Sandbox-Now"     // what the space's clock shows, as an RFC 3339 instant
)

// tell puts on the answer what was asked for. The entry gets its number early for that.
func tell(call *wire.Call, entry *journal.Entry) {
	request, now := call.Space.Switches().TellRequest, call.Space.Switches().TellNow
	for _, text := range call.HeaderAll(Tell) {
		for word := range strings.SplitSeq(text, ",") {
			word = strings.TrimSpace(word)
			request = request || strings.EqualFold(word, "request")
			now = now || strings.EqualFold(word, "now")
		}
	}
	if request {
		entry.ID = call.Space.Journal.Next()
		call.Set(TellRequest, strconv.FormatUint(entry.ID, 10))
	}
	if now {
		call.Set(TellNow, call.At().Format(time.RFC3339Nano))
	}
}
