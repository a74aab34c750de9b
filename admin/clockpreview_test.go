package admin_test

import (
	"net/url"
	"testing"
	"time"

	"sandbank/admin"
	"sandbank/server"
	"sandbank/server/fault"
)

// A preview says what the move then does, and moves nothing.
func TestPreviewIsWhatTheMoveDoes(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.mint(dave(`,"life":"60s"`))
	d.mint(dave(`,"life":"10m"`))
	d.mint(ali(`,"life":"1d"`))
	now := d.pull("GET", "/clock", nil).Text("now")
	at, err := time.Parse(time.RFC3339Nano, now)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		query           url.Values
		body            string
		killed, revived int
	}{
		{url.Values{"advance": {"10m"}}, `{"advance":"10m"}`, 2, 0},
		{url.Values{"set": {at.Add(599*time.Second + 999999999).Format(time.RFC3339Nano)}}, `{"set":"` + at.Add(599*time.Second+999999999).Format(time.RFC3339Nano) + `"}`, 1, 0},
		{url.Values{"to": {"next-expiry"}, "edge": {"after"}}, `{"to":"next-expiry","edge":"after"}`, 1, 0},
		{url.Values{"to": {"next-expiry"}, "edge": {"before"}}, `{"to":"next-expiry","edge":"before"}`, 0, 0},
		{url.Values{"advance": {"-1h"}}, `{"advance":"-1h"}`, 0, 0},
	}
	for _, tt := range tests {
		var look admin.ClockPreview
		d.pull("GET", "/clock/preview?"+tt.query.Encode(), nil).Want(200).Into(&look)
		if len(look.Killed) != tt.killed || len(look.Revived) != tt.revived || d.pull("GET", "/clock", nil).Text("now") != now {
			t.Errorf("%v: %d killed, %d revived", tt.query, len(look.Killed), len(look.Revived))
		}
		for _, k := range look.Killed {
			if late := look.To.Sub(k.At); time.Duration(k.In) != -late.Round(time.Millisecond) || late < 0 {
				t.Errorf("%v: %s is late by %v, told %v", tt.query, k.ID, late, k.In)
			}
		}
		var done admin.ClockMoved
		d.pull("POST", "/clock", tt.body).Want(200).Into(&done)
		if !done.Now.Equal(look.To) || len(done.Killed) != tt.killed {
			t.Errorf("%v: told %v, went to %v and killed %d", tt.query, look.To, done.Now, len(done.Killed))
		}
		var back admin.ClockPreview
		d.pull("GET", "/clock/preview?set="+url.QueryEscape(now), nil).Want(200).Into(&back)
		if len(back.Revived) != tt.killed {
			t.Errorf("%v: going back revives %d", tt.query, len(back.Revived))
		}
		d.undo()
	}
	var ends []admin.Expiry
	d.pull("GET", "/clock/ends?limit=2", nil).Want(200).Into(&ends)
	if len(ends) != 2 || ends[0].In.String() != "1m" {
		t.Errorf("%+v", ends)
	}
	for query, status := range map[string]int{"": 422, "?advance=soon": 422, "?set=today": 422, "?advance=1h&reset=true": 422, "?advance=200000d": 422, "?to=never": 422, "?to=next-expiry&edge=x": 422} {
		d.pull("GET", "/clock/preview"+query, nil).Want(status)
	}
	d.pull("GET", "/clock/ends?limit=0", nil).Want(422)
}

func TestPolicyReachIsWhatRetimeDoes(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	d.mint(dave(""))
	d.mint(dave(""))
	d.mint(ali(""))
	d.pull("PATCH", "/policies", `{"level":{"bank":"yoisho","client":"`+yoishoClient+`"},"set":{"access":"2m"}}`).Want(200)
	tests := []struct {
		query, body     string
		living, retimed int
	}{
		{"knob=access", `{"set":{"access":"1h"},"retime":true}`, 3, 1},
		{"knob=access&bank=yoisho", `{"level":{"bank":"yoisho"},"set":{"access":"1h"},"retime":true}`, 2, 0},
		{"knob=access&bank=yoisho&client=" + yoishoClient, `{"level":{"bank":"yoisho","client":"` + yoishoClient + `"},"set":{"access":"1h"},"retime":true}`, 2, 2},
		{"knob=jitter&bank=s2s", `{"level":{"bank":"s2s"},"set":{"jitter":10},"retime":true}`, 1, 0},
	}
	for _, tt := range tests {
		var reach admin.PolicyReach
		d.pull("GET", "/policies/reach?"+tt.query, nil).Want(200).Into(&reach)
		var done admin.PolicyChanged
		d.pull("PATCH", "/policies", tt.body).Want(200).Into(&done)
		living, retimed := 0, 0
		for _, k := range done.Knobs {
			living, retimed = living+k.Living, retimed+k.Retimed
		}
		if reach.Living != tt.living || reach.Retimed != tt.retimed || living != tt.living || retimed != tt.retimed {
			t.Errorf("%s: told %d and %d, was %d and %d; want %d and %d", tt.query, reach.Living, reach.Retimed, living, retimed, tt.living, tt.retimed)
		}
		d.undo()
	}
	for query, field := range map[string]string{"": "knob", "?knob=code&bank=nobank": "level.bank", "?knob=consent&bank=yoisho": "knob"} {
		if a := d.pull("GET", "/policies/reach"+query, nil).Want(422); field == "" {
			t.Error(a.Body)
		}
	}
}

func TestFaultIsTried(t *testing.T) {
	t.Parallel()
	d := open(t, server.Options{}, admin.Options{})
	tests := []struct {
		rule   string
		hit    bool
		status int
	}{
		{`{"when":{"bank":"yoisho","op":"home"},"then":{"status":503}}`, true, 503},
		{`{"when":{"op":"token","param":"grant_type=refresh_token"},"then":{"status":500}}`, true, 500},
		{`{"when":{"header":"Authorization: Bearer *"},"then":{"status":429,"retryAfter":"5s"}}`, true, 429},
		{`{"when":{"bank":"berlin","path":"/v1/accounts/*"},"then":{"status":418}}`, true, 418},
		{`{"when":{"bank":"yoisho","op":"home"},"then":{"status":503},"often":{"after":1}}`, false, 200},
		{`{"when":{"bank":"yoisho","op":"home"},"then":{"drop":true}}`, true, 0},
	}
	for _, tt := range tests {
		id := d.pull("POST", "/faults", tt.rule).Want(201).Text("id")
		var tried admin.Tried
		d.pull("POST", "/faults/"+id+"/try", nil).Want(200).Into(&tried)
		if tried.Hit != tt.hit || tried.Answer.Status != tt.status {
			t.Errorf("%s: %s", tt.rule, tried.String())
		}
		var list admin.FaultList
		if d.pull("GET", "/faults", nil).Want(200).Into(&list); list.Items[0].Seen != 0 || list.Items[0].Hits != 0 || list.Items[0].State != fault.Armed {
			t.Errorf("%s: the try was counted: %+v", tt.rule, list.Items[0])
		}
		d.pull("DELETE", "/faults/"+id, nil).Want(204)
	}
	d.pull("POST", "/faults/f_99/try", nil).Want(404)
	for _, rule := range []string{`{"when":{"client":"bg-demo"},"then":{"status":503}}`, `{"then":{"status":503},"paused":true}`, `{"when":{"bank":"yoisho","path":"/nowhere"},"then":{"status":503}}`} {
		id := d.pull("POST", "/faults", rule).Want(201).Text("id")
		d.pull("POST", "/faults/"+id+"/try", nil).Want(409)
	}
}
