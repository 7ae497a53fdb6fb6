package main

import (
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	for pattern, names := range map[string][2]string{
		"*":     {" a/b pay", ""},
		"pay":   {"pay", "payment repay Pay"},
		"pay*":  {"pay pay/all payment", "repay"},
		"*.get": {"a.get b.a.get", "get a.gets"},
		"a?c":   {"abc aüc", "ac abbc"},
		"a*b*c": {"abc aXbYc abbcc", "acb ab"},
		"[a]":   {"[a]", "a"},
	} {
		for _, name := range strings.Split(names[0], " ") {
			if !matches(pattern, name) {
				t.Errorf("%s does not match %s", pattern, name)
			}
		}
		for _, name := range strings.Fields(names[1]) {
			if matches(pattern, name) {
				t.Errorf("%s matches %s", pattern, name)
			}
		}
	}
	if matches(strings.Repeat("*a", 30)+"b", strings.Repeat("a", 3000)) {
		t.Error("it should end, and not match")
	}
}
