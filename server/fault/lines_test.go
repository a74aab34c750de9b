package fault_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sandbank/server/fault"
)

func TestHeadersAndMutationsAsLines(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want, wrong string }{
		{`{"headers":"X-Reason: tea\r\n\r\nRetry-After: soon"}`, "header=Retry-After: soon; header=X-Reason: tea", ""},
		{`{"headers":{"X-Reason":"tea"}}`, "header=X-Reason: tea", ""},
		{`{"mutate":"set scope \"a, b\"\ndelete expires_in"}`, `mutate="set scope \"a, b\""; mutate=delete expires_in`, ""},
		{`{"mutate":[{"path":"scope","do":"delete"}]}`, "mutate=delete scope", ""},
		{`{"headers":"","mutate":""}`, "", ""},
		{`{"headers":"tea"}`, "", "tea: write"}, {`{"headers":"A: 1\nA: 2"}`, "", "each name once"},
		{`{"mutate":[{"path":"scope","how":"delete"}]}`, "", "how"}, {`{"headers":5}`, "", "number"}, {`{"mutate":{}}`, "", "object"},
	}
	for _, tt := range tests {
		var then fault.Then
		err := json.Unmarshal([]byte(tt.text), &then)
		if tt.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("%s: %v, want %s", tt.text, err, tt.wrong)
			}
			continue
		}
		if err != nil || then.String() != tt.want {
			t.Errorf("%s is %s, %v; want %s", tt.text, then.String(), err, tt.want)
		}
	}
}
