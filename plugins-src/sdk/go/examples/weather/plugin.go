// Weather is a backend of one tool: it asks two services at once, and says what each of them says.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/backend"
)

type config struct {
	Forecast string `json:"forecast"`
	Warnings string `json:"warnings"`
}

type weather struct{ config }

func newWeather(c config) (weather, error) {
	if c.Forecast == "" || c.Warnings == "" {
		return weather{}, mcpg.Failf("bad-config", "`forecast` and `warnings` are URLs")
	}
	return weather{c}, nil
}

func (w weather) Describe(*mcpg.Run) (mcpg.Catalog, error) {
	return mcpg.Catalog{Tools: []mcpg.Tool{{
		Name:        "weather",
		InputSchema: json.RawMessage(`{"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}`),
	}}}, nil
}

func (w weather) Call(run *mcpg.Run, _ mcpg.Caller, call mcpg.Call) (backend.Progress, error) {
	var wanted struct {
		Place string `json:"place"`
	}
	if err := json.Unmarshal(call.Arguments, &wanted); err != nil {
		return backend.Progress{}, err
	}
	query := "?" + url.Values{"place": {wanted.Place}}.Encode()
	// Effects are descriptions: All asks for both in one pass, and waits for both.
	replies := run.All(
		mcpg.HTTP(mcpg.HTTPRequest{URL: w.Forecast + query}),
		mcpg.HTTP(mcpg.HTTPRequest{URL: w.Warnings + query}),
	)
	var forecast, warnings mcpg.HTTPReply
	if err := replies[0].Read(&forecast); err != nil {
		return backend.Progress{}, err
	}
	if err := replies[1].Read(&warnings); err != nil {
		// a failed reply is an error like any other: it can be told apart by its code, and gone on from
		var problem *mcpg.Problem
		if !errors.As(err, &problem) || problem.Code != "timeout" {
			return backend.Progress{}, err
		}
		run.Log(mcpg.LogLevelWarning, "no warnings in time", map[string]string{"place": wanted.Place})
	}
	text := fmt.Sprintf("%s: %s", wanted.Place, forecast.Body)
	if said := warnings.Body.String(); said != "" {
		text += " (" + said + ")"
	}
	return backend.Done(mcpg.TextResult(text)), nil
}

func init() { backend.Export(newWeather) }

func main() {}
