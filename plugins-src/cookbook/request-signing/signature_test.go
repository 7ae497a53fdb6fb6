package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	mcpg "mcpg.dev/sdk"
)

// The example of AWS's own documentation, "Examples of the complete Version 4 signing process".
func TestTheExampleOfTheDocumentation(t *testing.T) {
	now := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	headers := []header{
		{"x-amz-date", "20150830T123600Z"},
		{"host", "iam.amazonaws.com"},
		{"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
	}
	text, signed := canonical("GET", "/", "Action=ListUsers&Version=2010-05-08", headers, "")
	if signed != "content-type;host;x-amz-date" {
		t.Error(signed)
	}
	if hash(text) != "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59" {
		t.Error(text)
	}
	within := scope(now, "us-east-1", "iam")
	key := []byte("AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
	for _, part := range append(within, toSign(now, within, text)) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	if found := hex.EncodeToString(key); found != "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7" {
		t.Error(found)
	}
}

func TestRequestsAreWhatTheOperatorWroteWithArgumentsInTheirPlaces(t *testing.T) {
	arguments := json.RawMessage(`{"id": "a/b ü", "n": 1.50, "on": true, "list": [1], "none": null, "q": "x=y&z", "up": ".."}`)
	for request, each := range map[string]wanted{
		`{}`:                          {"GET", "/", "", ""},
		`{"path": "/items/{id}/{n}"}`: {"GET", "/items/a%2Fb%20%C3%BC/1.50", "", ""},
		`{"path": "/a b/$x"}`:         {"GET", "/a%20b/%24x", "", ""},
		`{"query": ["q", "on", "list", "none", "n"]}`:         {"GET", "/", "n=1.50&on=true&q=x%3Dy%26z", ""},
		`{"method": "PUT", "json": ["q", "list", "missing"]}`: {"PUT", "/", "", `{"list":[1],"q":"x=y\u0026z"}`},
		`{"method": "POST", "json": []}`:                      {"POST", "/", "", `{}`},
	} {
		found, err := read(mcpg.Call{Arguments: arguments, Binding: json.RawMessage(`{"request": ` + request + `}`)})
		if err != nil || found != each {
			t.Errorf("%s: %+v %v", request, found, err)
		}
	}
	for _, path := range []string{"/{up}", "/{none}", "/{list}", "/{missing}"} {
		call := mcpg.Call{Arguments: arguments, Binding: json.RawMessage(`{"request": {"path": "` + path + `"}}`)}
		if found, err := read(call); err == nil || mcpg.ProblemOf(err).Code != "bad-argument" {
			t.Errorf("%s: %+v %v", path, found, err)
		}
	}
}
