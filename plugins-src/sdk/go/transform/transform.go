// Package transform makes a transform plugin: it rewrites what goes in, or what comes out.
package transform

import (
	"encoding/json"

	sdk "mcpg.dev/sdk"
	"mcpg.dev/sdk/internal/answer"
)

// Transform is what the author of a transform plugin writes. An error is "I could not tell".
type Transform interface {
	// Before may rewrite a call's arguments.
	Before(run *sdk.Run, caller sdk.Caller, call sdk.Call) (Change, error)
	// After may rewrite the result of an outcome.
	After(run *sdk.Run, caller sdk.Caller, call sdk.Call, outcome sdk.Outcome) (Change, error)
}

// Change is what a transform made of something; its zero value says nothing and fails the run.
type Change struct{ made *answer.Answer }

const (
	caseUnchanged = iota
	caseChanged
	caseDeny
	caseFailed
	casePerform
)

// Unchanged leaves it as it is.
func Unchanged() Change { return Change{&answer.Answer{Case: caseUnchanged}} }

// Changed puts a document into the place of the arguments, or of the result.
func Changed(document any) Change {
	return Change{&answer.Answer{Case: caseChanged, Payload: answer.JSON(document)}}
}

// Deny ends the call: a stable code, and one line for the caller.
func Deny(code, message string) Change {
	return Change{&answer.Answer{Case: caseDeny, Payload: &sdk.Problem{Code: code, Message: message}}}
}

var plugin answer.Plugin[Transform]

// Export makes this program a transform plugin: create makes it of its configuration, once for each instance. Call it
// in func init. An error of create refuses the configuration, with the code of the *sdk.Problem that it is, or with
// `plugin-error`.
func Export[C any, P Transform](create func(config C) (P, error)) {
	plugin.Register(answer.Creator(create, func(made P) Transform { return made }))
}

func before(caller, call json.RawMessage, replies []sdk.Reply) answer.Answer {
	given := map[string]json.RawMessage{"caller": caller, "call": call}
	return answer.Of(replies, given, caseFailed, casePerform, func(run *sdk.Run) (Change, error) {
		who, what := answer.Read[sdk.Caller]("caller", caller), answer.Read[sdk.Call]("call", call)
		return plugin.Made().Before(run, who, what)
	}, told)
}

func after(caller, call, outcome json.RawMessage, replies []sdk.Reply) answer.Answer {
	given := map[string]json.RawMessage{"caller": caller, "call": call, "outcome": outcome}
	return answer.Of(replies, given, caseFailed, casePerform, func(run *sdk.Run) (Change, error) {
		who, what := answer.Read[sdk.Caller]("caller", caller), answer.Read[sdk.Call]("call", call)
		return plugin.Made().After(run, who, what, answer.Read[sdk.Outcome]("outcome", outcome))
	}, told)
}

func told(change Change) answer.Answer {
	return change.made.Or("transform.Unchanged, Changed or Deny")
}
