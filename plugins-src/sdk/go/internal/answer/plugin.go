package answer

import (
	"encoding/json"

	sdk "mcpg.dev/sdk"
)

// Plugin holds the one plugin of an instance. T is the interface of its kind.
type Plugin[T any] struct {
	create     func(config json.RawMessage) (T, error)
	made       T
	configured bool
}

// Register keeps how the plugin is made; the second call in one program is a mistake.
func (p *Plugin[T]) Register(create func(config json.RawMessage) (T, error)) {
	if p.create != nil {
		panic("two plugins are exported, a component has one")
	}
	p.create = create
}

// Creator returns how a plugin is made of its own type of configuration.
func Creator[C any, P any, T any](create func(C) (P, error), as func(P) T) func(json.RawMessage) (T, error) {
	return func(text json.RawMessage) (T, error) {
		var config C
		var none T
		if err := json.Unmarshal(text, &config); err != nil {
			return none, sdk.Failf("bad-config", "the configuration cannot be read: %v", err)
		}
		plugin, err := create(config)
		if err != nil {
			return none, err
		}
		return as(plugin), nil
	}
}

// Configure makes the plugin: case 0 is good, case 1 a problem. An error without a code is a bad configuration.
func (p *Plugin[T]) Configure(config string) Answer {
	if p.create == nil {
		return Answer{1, &sdk.Problem{Code: "plugin-error", Message: "no plugin is exported: call Export in func init"}}
	}
	if p.configured {
		return Answer{1, &sdk.Problem{Code: "bad-config", Message: "the plugin is configured already"}}
	}
	made, problem := sdk.Guarded(func() (T, error) { return p.create(json.RawMessage(config)) })
	if problem != nil {
		return Answer{1, problem}
	}
	p.made, p.configured = made, true
	return Answer{0, nil}
}

// Made returns the plugin; none ends the pass.
func (p *Plugin[T]) Made() T {
	if !p.configured {
		panic(sdk.Failf("plugin-error", "the plugin is not configured"))
	}
	return p.made
}
