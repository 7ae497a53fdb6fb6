// Package limit makes a limit plugin: what does an action cost, and from which accounts?
package limit

import (
	"encoding/json"

	sdk "mcpg.dev/sdk"
	"mcpg.dev/sdk/internal/answer"
)

// Limit is what the author of a limit plugin writes. It cannot ask for effects. An error is "I could not tell".
type Limit interface {
	// Reserve says what to reserve before the call.
	Reserve(caller sdk.Caller, action sdk.Action) (Plan, error)
	// Settle says what the call really cost, in total.
	Settle(caller sdk.Caller, action sdk.Action, outcome sdk.Outcome) ([]Charge, error)
}

// Charge is what to take from one account. Tokens are counted in millionths, Window in seconds; no number may be above
// MaxNumber.
type Charge struct {
	// Account names it, such as ["tool", "search", "caller", "alice"]; the host puts tenant and plugin use before it.
	Account []string
	// Cost is what is taken.
	Cost uint64
	// Capacity is the account's size.
	Capacity uint64
	// Refill is what flows back each second; 0 for a budget that only a new window refills.
	Refill uint64
	// Window is after how many seconds a budget starts anew; 0 for none.
	Window uint64
}

// MaxNumber is the largest number of a Charge.
const MaxNumber = 1<<53 - 1

// Million is one token, in millionths.
const Million = 1_000_000

// Plan is what to reserve; its zero value says nothing and fails the run.
type Plan struct{ made *answer.Answer }

const (
	caseCharge = iota
	caseDeny
	caseFailed
)

const (
	caseSettled = iota
	caseNotSettled
)

// Reserving names the charges of a call, which are taken all or none.
func Reserving(charges ...Charge) Plan {
	return Plan{&answer.Answer{Case: caseCharge, Payload: lowered(charges)}}
}

// Deny says that it may not be paid for: a stable code, and one line for the caller.
func Deny(code, message string) Plan {
	return Plan{&answer.Answer{Case: caseDeny, Payload: &sdk.Problem{Code: code, Message: message}}}
}

var plugin answer.Plugin[Limit]

// Export makes this program a limit plugin: create makes it of its configuration, once for each instance. Call it
// in func init. An error of create refuses the configuration, with the code of the *sdk.Problem that it is, or with
// `plugin-error`.
func Export[C any, P Limit](create func(config C) (P, error)) {
	plugin.Register(answer.Creator(create, func(made P) Limit { return made }))
}

func reserve(caller, action json.RawMessage) answer.Answer {
	return answer.Plain(caseFailed, func() (Plan, error) {
		who, what := answer.Read[sdk.Caller]("caller", caller), answer.Read[sdk.Action]("action", action)
		return plugin.Made().Reserve(who, what)
	}, func(plan Plan) answer.Answer { return plan.made.Or("limit.Reserving or Deny") })
}

func settle(caller, action, outcome json.RawMessage) answer.Answer {
	return answer.Plain(caseNotSettled, func() ([]Charge, error) {
		who, what := answer.Read[sdk.Caller]("caller", caller), answer.Read[sdk.Action]("action", action)
		return plugin.Made().Settle(who, what, answer.Read[sdk.Outcome]("outcome", outcome))
	}, func(charges []Charge) answer.Answer {
		return answer.Answer{Case: caseSettled, Payload: lowered(charges)}
	})
}

func lowered(charges []Charge) []answer.Charge {
	records := make([]answer.Charge, len(charges))
	for i, charge := range charges {
		if max(charge.Cost, charge.Capacity, charge.Refill, charge.Window) > MaxNumber {
			panic(sdk.Failf("plugin-error", "a number of the charge of %q is above 2^53-1", charge.Account))
		}
		records[i] = answer.Charge(charge)
	}
	return records
}
