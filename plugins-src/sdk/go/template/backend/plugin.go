// {{name}} is a backend of one tool, which greets people by what a greeting service says.
package main

import (
	"encoding/json"
	"net/url"

	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/backend"
)

// config is the configuration, as the schema in manifest.json has it.
type config struct {
	BaseURL string `json:"base_url"`
}

// {{ident}} is the plugin.
type {{ident}} struct{ config }

func new{{ident}}(c config) ({{ident}}, error) {
	return {{ident}}{c}, nil
}

// Describe says what this backend offers.
func (p {{ident}}) Describe(*mcpg.Run) (mcpg.Catalog, error) {
	return mcpg.Catalog{Tools: []mcpg.Tool{{
		Name:        "greet",
		Description: "Greets somebody by name.",
		InputSchema: json.RawMessage(`{"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}`),
	}}}, nil
}

// Call fulfils one call. It starts again from here when the reply to what it asked for has come.
func (p {{ident}}) Call(run *mcpg.Run, _ mcpg.Caller, call mcpg.Call) (backend.Progress, error) {
	var arguments struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(call.Arguments, &arguments); err != nil {
		return backend.Progress{}, err
	}
	reply := run.HTTP(mcpg.HTTPRequest{URL: p.BaseURL + "/greetings/" + url.PathEscape(arguments.Name)})
	switch reply.Status {
	case 200:
		var found struct {
			Greeting string `json:"greeting"`
		}
		if err := json.Unmarshal(reply.JSON, &found); err != nil {
			return backend.Progress{}, err
		}
		run.Log(mcpg.LogLevelInfo, "greeted")
		return backend.Done(mcpg.TextResult(found.Greeting)), nil
	case 404:
		return backend.Done(mcpg.ErrorResult("nobody is called " + arguments.Name)), nil
	}
	return backend.Progress{}, mcpg.Failf("greeter-failed", "the greeting service answered %d", reply.Status)
}

func init() { backend.Export(new{{ident}}) }

func main() {}
