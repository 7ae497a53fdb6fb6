package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	mcpg "mcpg.dev/sdk"
)

// binding is what the operator writes under a tool, as the schema in manifest.json has it.
type binding struct {
	Request struct {
		Method string   `json:"method"`
		Path   string   `json:"path"`
		Query  []string `json:"query"`
		JSON   []string `json:"json"`
	} `json:"request"`
}

// wanted is a request before it is signed; path and query are encoded.
type wanted struct {
	method, path, query, body string
}

var place = regexp.MustCompile(`\{(\w+)\}`)

// read returns the request of a call.
func read(call mcpg.Call) (wanted, error) {
	var bound binding
	arguments := map[string]json.RawMessage{}
	if err := json.Unmarshal(call.Binding, &bound); err != nil {
		return wanted{}, err
	}
	if err := json.Unmarshal(call.Arguments, &arguments); err != nil {
		return wanted{}, err
	}
	method, template := bound.Request.Method, bound.Request.Path
	if method == "" {
		method = "GET"
	}
	if template == "" {
		template = "/"
	}
	path, err := filled(template, arguments)
	if err != nil {
		return wanted{}, err
	}
	body := ""
	if bound.Request.JSON != nil {
		body = members(bound.Request.JSON, arguments)
	}
	return wanted{method, path, parameters(bound.Request.Query, arguments), body}, nil
}

// filled puts arguments into a path. What the operator wrote is encoded too, but for its slashes.
func filled(template string, arguments map[string]json.RawMessage) (string, error) {
	var out strings.Builder
	rest := 0
	for _, at := range place.FindAllStringSubmatchIndex(template, -1) {
		name := template[at[2]:at[3]]
		value, given := plain(arguments[name])
		if !given || value == "" || value == "." || value == ".." {
			return "", mcpg.Failf("bad-argument", "`%s` stands in the path: it must be a text, a number or true or false, and no `..`", name)
		}
		out.WriteString(encoded(template[rest:at[0]], false) + encoded(value, true))
		rest = at[1]
	}
	return out.String() + encoded(template[rest:], false), nil
}

// parameters returns the canonical query: encoded, and sorted by name and value.
func parameters(names []string, arguments map[string]json.RawMessage) string {
	var pairs []string
	for _, name := range names {
		if value, given := plain(arguments[name]); given {
			pairs = append(pairs, encoded(name, true)+"="+encoded(value, true))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// members returns a JSON object of those arguments that are given, as they came.
func members(names []string, arguments map[string]json.RawMessage) string {
	chosen := map[string]json.RawMessage{}
	for _, name := range names {
		if value := arguments[name]; value != nil {
			chosen[name] = value
		}
	}
	text, _ := json.Marshal(chosen) // sorted by name
	return string(text)
}

// plain returns a text as it is, and a number, true or false as JSON has it.
func plain(value json.RawMessage) (string, bool) {
	var text string
	switch {
	case len(value) == 0 || strings.IndexByte("{[n", value[0]) >= 0:
		return "", false
	case json.Unmarshal(value, &text) == nil:
		return text, true
	}
	return string(value), true
}
