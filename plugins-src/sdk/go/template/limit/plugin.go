// {{name}} is a limit: it gives each caller so many calls a minute.
package main

import (
	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/limit"
)

// config is the configuration, as the schema in manifest.json has it.
type config struct {
	PerMinute uint64 `json:"per_minute"`
}

// {{ident}} is the plugin.
type {{ident}} struct{ config }

func new{{ident}}(c config) ({{ident}}, error) {
	return {{ident}}{c}, nil
}

// Reserve takes the price of a call before it is made.
func (p {{ident}}) Reserve(caller mcpg.Caller, _ mcpg.Action) (limit.Plan, error) {
	return limit.Reserving(p.price(caller)), nil
}

// Settle says what the call really cost: nothing if it did not work.
func (p {{ident}}) Settle(caller mcpg.Caller, _ mcpg.Action, outcome mcpg.Outcome) ([]limit.Charge, error) {
	if outcome.Status != mcpg.OutcomeStatusOk {
		return nil, nil
	}
	return []limit.Charge{p.price(caller)}, nil
}

// price is one token of an account that holds as many as a minute's, and fills up by itself. All numbers are millionths.
func (p {{ident}}) price(caller mcpg.Caller) limit.Charge {
	size := p.PerMinute * limit.Million
	return limit.Charge{
		Account:  []string{"caller", caller.ID},
		Cost:     limit.Million,
		Capacity: size,
		Refill:   size / 60,
	}
}

func init() { limit.Export(new{{ident}}) }

func main() {}
