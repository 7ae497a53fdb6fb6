package main

import (
	"encoding/json"
	"testing"

	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/backend"
)

// A plugin's logic is tested natively: Pass makes one pass, with the replies that are there so far.
func TestBothServicesAreAskedAtOnce(t *testing.T) {
	plugin, err := newWeather(config{"https://a.test", "https://b.test"})
	if err != nil {
		t.Fatal(err)
	}
	call := mcpg.Call{Arguments: json.RawMessage(`{"place": "Ulm & Kiel"}`)}
	pass := func(replies ...mcpg.Reply) mcpg.End[backend.Progress] {
		return mcpg.Pass(replies, nil, func(run *mcpg.Run) (backend.Progress, error) {
			return plugin.Call(run, mcpg.Caller{}, call)
		})
	}
	asked := pass().Perform
	if len(asked) != 2 || string(asked[1].Request) != `{"url":"https://b.test?place=Ulm+%26+Kiel"}` {
		t.Errorf("%s", asked)
	}
	late := mcpg.Reply{Problem: &mcpg.Problem{Code: "timeout", Message: "late"}}
	sun := mcpg.Reply{JSON: json.RawMessage(`{"status": 200, "body": "sun"}`)}
	if end := pass(sun, sun); end.Failed != nil || end.Perform != nil {
		t.Errorf("%+v", end)
	}
	if end := pass(sun, late); len(end.Perform) != 3 || end.Perform[2].Driver != "log" {
		t.Errorf("%+v", end)
	}
	if end := pass(late, sun); end.Failed == nil || end.Failed.Code != "timeout" {
		t.Errorf("%+v", end)
	}
}
