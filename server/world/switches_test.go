package world_test

import (
	"bytes"
	"regexp"
	"testing"

	"sandbank/server/world"
)

func TestSwitchesAreState(t *testing.T) {
	t.Parallel()
	s := newWorld(t).Space(world.Main)
	off := func(v *world.Switches) error { v.MagicLogins = false; return nil }
	fresh := s.Snapshot()
	if err := s.Switch("off", off); err != nil || s.Switches().MagicLogins {
		t.Fatal(err, s.Switches())
	}
	data := bytesOf(t, s.Snapshot())
	if _, _, err := s.Undo(1); err != nil || !s.Switches().MagicLogins {
		t.Fatal("undo left them off", err)
	}
	n, err := s.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := n.Diff(fresh); err != nil || len(d) != 1 || d[0].Kind != "switches" {
		t.Errorf("%+v, %v", d, err)
	}
	if err := s.Restore(n, "x"); err != nil || s.Switches().MagicLogins || !bytes.Equal(bytesOf(t, s.Snapshot()), data) {
		t.Fatal("a restore lost them", err)
	}
	for _, part := range world.Parts() {
		if _, _, err := s.Reset(part); err != nil || s.Switches().MagicLogins != (part == world.Everything) {
			t.Errorf("after a reset of %s: %+v, %v", part, s.Switches(), err)
		}
	}
	if _, _, err := s.Undo(1); err != nil || s.Switches().MagicLogins {
		t.Error("taking the reset back left them on", err)
	}
	older := regexp.MustCompile(`"switches": \{[^}]*\},`).ReplaceAllString(string(data), "")
	if n, err = s.Read([]byte(older)); err != nil || older == string(data) {
		t.Fatal(err)
	}
	if s.Restore(n, "x"); !s.Switches().MagicLogins {
		t.Error("a file without switches turned them off")
	}
}
