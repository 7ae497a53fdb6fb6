package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	day      = "2006-01-02"
	everyDay = "01-02"
	aheadOf  = 400 // days in which the next opening is sought
)

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// span is a part of a day, in minutes from midnight on the clock; the end is no part of it.
type span struct{ from, to int }

// week says when it is open: spans by weekday, and the days when it is not.
type week struct {
	zone     *time.Location
	spans    [7][]span
	holidays map[string]bool
}

// newWeek reads hours such as {"mon": ["09:00-17:00"]} and holidays such as "2026-12-24" or, of every year, "12-25".
func newWeek(zone *time.Location, hours map[string][]string, holidays []string) (week, error) {
	w := week{zone: zone, holidays: map[string]bool{}}
	for name, texts := range hours {
		number := slices.Index(weekdays, name)
		if number < 0 {
			return w, fmt.Errorf("`%s` is no weekday: write %s", name, strings.Join(weekdays, ", "))
		}
		for _, text := range texts {
			read, err := readSpan(text)
			if err != nil {
				return w, err
			}
			w.spans[number] = append(w.spans[number], read)
		}
		slices.SortFunc(w.spans[number], func(a, b span) int { return a.from - b.from })
	}
	for _, text := range holidays {
		if _, err := time.Parse(day, text); err != nil {
			// 2024 has a 29 February
			if _, err := time.Parse(day, "2024-"+text); err != nil {
				return w, fmt.Errorf("`%s` is no day: write `2026-12-24`, or `12-25` for every year", text)
			}
		}
		w.holidays[text] = true
	}
	return w, nil
}

func readSpan(text string) (span, error) {
	from, to, two := strings.Cut(text, "-")
	start, startErr := readClock(from)
	end, endErr := readClock(to)
	if !two || startErr != nil || endErr != nil || start >= end {
		return span{}, fmt.Errorf("`%s` are no hours of one day: write such as `09:00-17:30`, and `22:00-24:00` for the evening of a night", text)
	}
	return span{start, end}, nil
}

func readClock(text string) (int, error) {
	if text == "24:00" {
		return 24 * 60, nil
	}
	at, err := time.Parse("15:04", text)
	return at.Hour()*60 + at.Minute(), err
}

// open says whether it is open at a time.
func (w week) open(at time.Time) bool {
	at = at.In(w.zone)
	minute := at.Hour()*60 + at.Minute()
	return slices.ContainsFunc(w.on(at), func(s span) bool { return s.from <= minute && minute < s.to })
}

// next returns when it opens next, and whether it ever does.
func (w week) next(at time.Time) (time.Time, bool) {
	at = at.In(w.zone)
	for i := range aheadOf {
		date := time.Date(at.Year(), at.Month(), at.Day()+i, 0, 0, 0, 0, w.zone)
		for _, s := range w.on(date) {
			// by the clock: a day on which it is changed has an hour less or more
			opens := time.Date(date.Year(), date.Month(), date.Day(), 0, s.from, 0, 0, w.zone)
			if opens.After(at) {
				return opens, true
			}
		}
	}
	return time.Time{}, false
}

func (w week) on(date time.Time) []span {
	if w.holidays[date.Format(day)] || w.holidays[date.Format(everyDay)] {
		return nil
	}
	return w.spans[date.Weekday()]
}
