package wire

import (
	"bytes"
	"slices"

	"sandbank/server/journal"
)

// Journal writes both sides of the call, and who was behind it, into an entry.
func (c *Call) Journal(e *journal.Entry) {
	in, out := c.ctx.Request(), c.ctx.Response()
	e.Status, e.Owner, e.Tokens, e.Trail = out.StatusCode(), c.Owner, c.Tokens, c.Trail.Checks
	if c.Client != nil {
		e.Client = c.Client.ID
	}
	e.Request, e.Response = journal.Cut(in.Body()), journal.Cut(out.Body())
	e.Request.Head = bytes.Clone(in.Header.RawHeaders())
	e.Response.Head = dated(bytes.Clone(out.Header.Header()), out.Header.Peek("Date"))
}

// dated is the head of an answer with the date that the bank tells, or with none. Where no listener of the sandbox was called, as for a
// replay, fasthttp writes real time in its place.
func dated(head, date []byte) []byte {
	start := bytes.Index(head, []byte("\r\nDate: "))
	if start < 0 {
		return head
	}
	end := start + 2 + bytes.Index(head[start+2:], []byte("\r\n"))
	if len(date) == 0 {
		return slices.Delete(head, start, end)
	}
	return slices.Replace(head, start+len("\r\nDate: "), end, date...)
}
