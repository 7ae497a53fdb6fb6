package zones_test

import (
	"testing"
	"time"

	"mcpg/policy-business-hours/zones"
)

func TestZonesHaveTheOffsetsOfTheDatabase(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo", "UTC"} {
		whole, err := time.LoadLocation(name)
		if err != nil {
			t.Skip("this machine has no time zones")
		}
		ours, err := zones.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2032; at = at.Add(time.Hour) {
			_, one := at.In(whole).Zone()
			_, other := at.In(ours).Zone()
			if one != other {
				t.Fatalf("%s %s: %d, not %d", name, at, other, one)
			}
		}
	}
}

func TestOffsetsAndUnknownNames(t *testing.T) {
	for name, wanted := range map[string]int{"+05:30": 19800, "-03:00": -10800, "+00:00": 0} {
		zone, err := zones.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, offset := time.Now().In(zone).Zone(); offset != wanted {
			t.Errorf("%s: %d", name, offset)
		}
	}
	for _, name := range []string{"", "Mars/Olympus", "5", "+5", "CET-1CEST,M3.5.0,M10.5.0/3", "Africa/Casablanca"} {
		if _, err := zones.Load(name); err == nil {
			t.Error(name)
		}
	}
}
