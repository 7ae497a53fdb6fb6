package main

import (
	"testing"
	"time"

	"mcpg/policy-business-hours/zones"
)

func in(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := zones.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	found, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestTheClockOfThePlaceDecides(t *testing.T) {
	hours := map[string][]string{"sun": {"02:00-03:00"}, "tue": {"00:00-24:00"}}
	berlin, err := newWeek(in(t, "Europe/Berlin"), hours, []string{"02-29"})
	if err != nil {
		t.Fatal(err)
	}
	for text, open := range map[string]bool{
		"2026-11-22T01:00:00Z": true,  // 02:00
		"2026-11-22T02:00:00Z": false, // 03:00
		"2026-10-25T00:30:00Z": true,  // 02:30, and an hour later
		"2026-10-25T01:30:00Z": true,  // 02:30 again
		"2026-03-29T00:59:00Z": false, // 01:59, and then 03:00
		"2026-03-29T01:00:00Z": false,
		"2026-11-23T23:00:00Z": true, // Tuesday begins
		"2026-11-24T22:59:59Z": true,
		"2026-11-24T23:00:00Z": false,
	} {
		if berlin.open(at(t, text)) != open {
			t.Errorf("%s: open is %t", text, !open)
		}
	}
}

func TestTheNextOpening(t *testing.T) {
	w, err := newWeek(in(t, "America/New_York"), map[string][]string{"mon": {"13:00-14:00", "09:00-10:00"}}, []string{"2026-03-09", "03-16"})
	if err != nil {
		t.Fatal(err)
	}
	for text, wanted := range map[string]string{
		"2026-03-01T00:00:00Z": "2026-03-02T14:00:00Z",
		"2026-03-02T14:00:00Z": "2026-03-02T18:00:00Z",
		"2026-03-02T18:00:00Z": "2026-03-23T13:00:00Z", // summer has begun, and two holidays are in between
	} {
		if found, ever := w.next(at(t, text)); !ever || !found.Equal(at(t, wanted)) {
			t.Errorf("%s: %s", text, found)
		}
	}
	closed, _ := newWeek(time.UTC, nil, nil)
	if found, ever := closed.next(at(t, "2026-03-02T18:00:00Z")); ever {
		t.Error(found)
	}
}

func TestWhatCannotBeReadIsRefused(t *testing.T) {
	for _, hours := range []map[string][]string{
		{"monday": {"09:00-10:00"}}, {"mon": {"09:00"}}, {"mon": {"9-10"}}, {"mon": {"10:00-10:00"}}, {"mon": {"23:00-25:00"}},
		{"mon": {"09:60-10:00"}}, {"mon": {""}},
	} {
		if _, err := newWeek(time.UTC, hours, nil); err == nil {
			t.Error(hours)
		}
	}
	for _, holiday := range []string{"", "2026-02-29", "12-32", "1-1", "2026-12", "christmas"} {
		if _, err := newWeek(time.UTC, nil, []string{holiday}); err == nil {
			t.Error(holiday)
		}
	}
}
