// Package policy makes a policy plugin: may this caller do this?
package policy

import (
	"encoding/json"

	sdk "mcpg.dev/sdk"
	"mcpg.dev/sdk/internal/answer"
)

// Policy is what the author of a policy plugin writes. An error is "I could not tell", which is never the same as a denial.
type Policy interface {
	// Decide judges one action.
	Decide(run *sdk.Run, caller sdk.Caller, action sdk.Action) (Verdict, error)
	// See judges actions before there are arguments: one sight for each, in their order. Each helps.
	See(run *sdk.Run, caller sdk.Caller, actions []sdk.Action) ([]Sight, error)
}

// Verdict is what a policy says of an action; its zero value says nothing and fails the run.
type Verdict struct{ made *answer.Answer }

// Obligation is something that must be done if the action goes ahead; its detail is a document of schema
// `obligations/<kind>`, such as an sdk.Redact.
type Obligation struct {
	Kind   string
	Detail any
}

// Sight is what a policy says of an action in a list.
type Sight byte

// What can be said of an action before there are arguments.
const (
	// Permitted means that some arguments would be permitted.
	Permitted Sight = 'p'
	// Denied means that none would.
	Denied Sight = 'd'
	// Silent means that no rule of mine speaks of it.
	Silent Sight = 'a'
)

const (
	casePermit = iota
	caseDeny
	caseAbstain
	caseFailed
	casePerform
)

const (
	caseSeen = iota
	caseNotSeen
	casePerformToSee
)

// Permit says yes, and what must be done then.
func Permit(obligations ...Obligation) Verdict {
	pairs := make([]answer.Pair, len(obligations))
	for i, each := range obligations {
		pairs[i] = answer.Pair{First: each.Kind, Second: answer.JSON(each.Detail)}
	}
	return Verdict{&answer.Answer{Case: casePermit, Payload: pairs}}
}

// Deny says no: a stable code, and one line for the caller.
func Deny(code, message string) Verdict {
	return Verdict{&answer.Answer{Case: caseDeny, Payload: &sdk.Problem{Code: code, Message: message}}}
}

// Abstain says that none of my rules speak of this action.
func Abstain() Verdict { return Verdict{&answer.Answer{Case: caseAbstain}} }

// Each judges every action by itself.
func Each(actions []sdk.Action, judge func(sdk.Action) Sight) []Sight {
	sights := make([]Sight, len(actions))
	for i, action := range actions {
		sights[i] = judge(action)
	}
	return sights
}

var plugin answer.Plugin[Policy]

// Export makes this program a policy plugin: create makes it of its configuration, once for each instance. Call it
// in func init. An error of create refuses the configuration, with the code of the *sdk.Problem that it is, or with
// `plugin-error`.
func Export[C any, P Policy](create func(config C) (P, error)) {
	plugin.Register(answer.Creator(create, func(made P) Policy { return made }))
}

func decide(caller, action json.RawMessage, replies []sdk.Reply) answer.Answer {
	given := map[string]json.RawMessage{"caller": caller, "action": action}
	return answer.Of(replies, given, caseFailed, casePerform, func(run *sdk.Run) (Verdict, error) {
		who, what := answer.Read[sdk.Caller]("caller", caller), answer.Read[sdk.Action]("action", action)
		return plugin.Made().Decide(run, who, what)
	}, func(verdict Verdict) answer.Answer { return verdict.made.Or("policy.Permit, Deny or Abstain") })
}

func see(caller, actions json.RawMessage, replies []sdk.Reply) answer.Answer {
	given := map[string]json.RawMessage{"caller": caller, "actions": actions}
	return answer.Of(replies, given, caseNotSeen, casePerformToSee, func(run *sdk.Run) ([]Sight, error) {
		who, what := answer.Read[sdk.Caller]("caller", caller), answer.Read[[]sdk.Action]("actions", actions)
		sights, err := plugin.Made().See(run, who, what)
		if err == nil && len(sights) != len(what) {
			err = sdk.Failf("plugin-error", "%d actions were asked about, See told of %d", len(what), len(sights))
		}
		return sights, err
	}, func(sights []Sight) answer.Answer {
		letters := make([]byte, len(sights))
		for i, sight := range sights {
			letters[i] = byte(sight)
		}
		return answer.Answer{Case: caseSeen, Payload: string(letters)}
	})
}
