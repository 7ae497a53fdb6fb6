// {{name}} is a policy: it permits what only reads, and what the operator allows by name.
package main

import (
	"encoding/json"
	"slices"

	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/policy"
)

// config is the configuration, as the schema in manifest.json has it.
type config struct {
	Allow []string `json:"allow"`
}

// {{ident}} is the plugin.
type {{ident}} struct{ config }

func new{{ident}}(c config) ({{ident}}, error) {
	return {{ident}}{c}, nil
}

// Decide judges one action.
func (p {{ident}}) Decide(_ *mcpg.Run, _ mcpg.Caller, action mcpg.Action) (policy.Verdict, error) {
	if p.permits(action) {
		return policy.Permit(), nil
	}
	return policy.Deny("not-read-only", "`"+action.Name+"` may change something"), nil
}

// See judges actions for a list, before there are arguments.
func (p {{ident}}) See(_ *mcpg.Run, _ mcpg.Caller, actions []mcpg.Action) ([]policy.Sight, error) {
	return policy.Each(actions, func(action mcpg.Action) policy.Sight {
		if p.permits(action) {
			return policy.Permitted
		}
		return policy.Denied
	}), nil
}

func (p {{ident}}) permits(action mcpg.Action) bool {
	var says struct {
		ReadOnly bool `json:"readOnlyHint"`
	}
	// an annotation of another type says nothing
	_ = json.Unmarshal(action.Annotations, &says)
	return says.ReadOnly || slices.Contains(p.Allow, action.Name)
}

func init() { policy.Export(new{{ident}}) }

func main() {}
