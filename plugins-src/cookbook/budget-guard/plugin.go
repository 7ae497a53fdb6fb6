// Budget-guard keeps what tools cost within budgets: it sets an estimate aside before a call, and charges what the call
// really used.
package main

import (
	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/limit"
)

// config is the configuration, as the schema in manifest.json has it.
type config struct {
	Prices  []price  `json:"prices"`
	Budgets []budget `json:"budgets"`
	Usage   string   `json:"usage"`
}

// budget is how much each of something may spend, and how often it begins anew.
type budget struct {
	Of     string `json:"of"`
	Amount money  `json:"amount"`
	Every  string `json:"every"`
}

var seconds = map[string]uint64{"hour": 3600, "day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400}

type budgetGuard struct{ config }

func newBudgetGuard(c config) (budgetGuard, error) {
	if c.Usage == "" {
		c.Usage = "_meta"
	}
	for i := range c.Prices {
		if c.Prices[i].Estimate == nil {
			c.Prices[i].Estimate = &c.Prices[i].Call
		}
	}
	known := map[[2]string]bool{}
	for _, each := range c.Budgets {
		account := [2]string{each.Every, each.Of}
		if known[account] {
			return budgetGuard{}, mcpg.Failf("bad-config", "there are two budgets of `%s` for every `%s`", each.Of, each.Every)
		}
		known[account] = true
		if each.Amount == 0 || each.Amount > limit.MaxNumber || seconds[each.Every] == 0 {
			return budgetGuard{}, mcpg.Failf("bad-config", "a budget needs an `amount` above 0, and an `every` that is known")
		}
	}
	return budgetGuard{c}, nil
}

// Reserve sets the estimate aside.
func (p budgetGuard) Reserve(caller mcpg.Caller, action mcpg.Action) (limit.Plan, error) {
	price, priced := p.priceOf(action.Name)
	if !priced {
		return limit.Reserving(), nil
	}
	return limit.Reserving(p.charges(caller, action, *price.Estimate)...), nil
}

// Settle charges what the call used. One that was denied cost nothing; of one whose end nobody knows the estimate is kept,
// for it may have cost that.
func (p budgetGuard) Settle(caller mcpg.Caller, action mcpg.Action, outcome mcpg.Outcome) ([]limit.Charge, error) {
	price, priced := p.priceOf(action.Name)
	if !priced || outcome.Status == mcpg.OutcomeStatusDenied {
		return nil, nil
	}
	cost := *price.Estimate
	switch outcome.Status {
	case mcpg.OutcomeStatusFailed:
		cost = price.Call
	case mcpg.OutcomeStatusOk, mcpg.OutcomeStatusToolError:
		used, told, err := readUsage(outcome.Result, p.Usage)
		if err != nil {
			return nil, err
		}
		if told {
			if cost, err = price.of(used); err != nil {
				return nil, err
			}
		}
	}
	return p.charges(caller, action, cost), nil
}

func (p budgetGuard) priceOf(name string) (price, bool) {
	for _, each := range p.Prices {
		if matches(each.Tools, name) {
			return each, true
		}
	}
	return price{}, false
}

// charges are the same accounts before and after a call, so that the host can give back what was not used.
func (p budgetGuard) charges(caller mcpg.Caller, action mcpg.Action, cost money) []limit.Charge {
	var charges []limit.Charge
	for _, each := range p.Budgets {
		account := []string{each.Every, each.Of}
		if each.Of == "caller" || each.Of == "caller-and-tool" {
			if caller.Issuer != "" { // an id means something only with who vouches for it
				account = append(account, caller.Issuer)
			}
			account = append(account, caller.ID)
		}
		if each.Of == "tool" || each.Of == "caller-and-tool" {
			account = append(account, action.Name)
		}
		charges = append(charges, limit.Charge{
			Account:  account,
			Cost:     uint64(cost),
			Capacity: uint64(each.Amount),
			Window:   seconds[each.Every],
		})
	}
	return charges
}

func init() { limit.Export(newBudgetGuard) }

func main() {}
