// {{name}} is a transform: it cuts long texts out of results.
package main

import (
	"encoding/json"

	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/transform"
)

// config is the configuration, as the schema in manifest.json has it.
type config struct {
	MaxChars int `json:"max_chars"`
}

// {{ident}} is the plugin.
type {{ident}} struct{ config }

func new{{ident}}(c config) ({{ident}}, error) {
	if c.MaxChars < 1 {
		return {{ident}}{}, mcpg.Failf("bad-config", "`max_chars` must be 1 or more")
	}
	return {{ident}}{c}, nil
}

// Before leaves the arguments of a call alone.
func (p {{ident}}) Before(*mcpg.Run, mcpg.Caller, mcpg.Call) (transform.Change, error) {
	return transform.Unchanged(), nil
}

// After cuts the texts of a result. What is not cut stays as it came: it is never decoded further than needed.
func (p {{ident}}) After(_ *mcpg.Run, _ mcpg.Caller, _ mcpg.Call, outcome mcpg.Outcome) (transform.Change, error) {
	var result map[string]json.RawMessage
	var content []map[string]json.RawMessage
	if json.Unmarshal(outcome.Result, &result) != nil || json.Unmarshal(result["content"], &content) != nil {
		return transform.Unchanged(), nil // no result, or one without content
	}
	changed := false
	for _, part := range content {
		var text string
		if json.Unmarshal(part["text"], &text) != nil {
			continue
		}
		if runes := []rune(text); len(runes) > p.MaxChars {
			part["text"], _ = json.Marshal(string(runes[:p.MaxChars]) + " [cut]")
			changed = true
		}
	}
	if !changed {
		return transform.Unchanged(), nil
	}
	result["content"], _ = json.Marshal(content)
	return transform.Changed(result), nil
}

func init() { transform.Export(new{{ident}}) }

func main() {}
