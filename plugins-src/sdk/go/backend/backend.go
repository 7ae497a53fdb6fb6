// Package backend makes a backend plugin: it fulfils calls.
package backend

import (
	"encoding/json"

	sdk "mcpg.dev/sdk"
	"mcpg.dev/sdk/internal/answer"
)

// Backend is what the author of a backend plugin writes. An error fails the call.
type Backend interface {
	// Describe says what this backend offers under its configuration.
	Describe(run *sdk.Run) (sdk.Catalog, error)
	// Call fulfils one call.
	Call(run *sdk.Run, caller sdk.Caller, call sdk.Call) (Progress, error)
}

// Progress is how far a call has come; its zero value says nothing and fails the run.
type Progress struct{ made *answer.Answer }

const (
	caseDone = iota
	caseFailed
	casePerform
	caseAsk
)

const (
	caseCatalog = iota
	caseNotDescribed
	casePerformToDescribe
)

// Done ends a call with the result of its MCP method, such as an sdk.ToolResult, written as JSON.
func Done(result any) Progress {
	return Progress{&answer.Answer{Case: caseDone, Payload: answer.JSON(result)}}
}

// Ask asks for input that only the MCP client can give.
func Ask(ask sdk.Ask) Progress {
	return Progress{&answer.Answer{Case: caseAsk, Payload: answer.JSON(ask)}}
}

var plugin answer.Plugin[Backend]

// Export makes this program a backend plugin: create makes it of its configuration, once for each instance. Call it
// in func init. An error of create refuses the configuration, with the code of the *sdk.Problem that it is, or with
// `plugin-error`.
func Export[C any, P Backend](create func(config C) (P, error)) {
	plugin.Register(answer.Creator(create, func(made P) Backend { return made }))
}

func describe(replies []sdk.Reply) answer.Answer {
	return answer.Of(replies, nil, caseNotDescribed, casePerformToDescribe, func(run *sdk.Run) (sdk.Catalog, error) {
		return plugin.Made().Describe(run)
	}, func(catalog sdk.Catalog) answer.Answer {
		return answer.Answer{Case: caseCatalog, Payload: answer.JSON(catalog)}
	})
}

func fulfil(caller, call json.RawMessage, replies []sdk.Reply) answer.Answer {
	given := map[string]json.RawMessage{"caller": caller, "call": call}
	return answer.Of(replies, given, caseFailed, casePerform, func(run *sdk.Run) (Progress, error) {
		who, what := answer.Read[sdk.Caller]("caller", caller), answer.Read[sdk.Call]("call", call)
		return plugin.Made().Call(run, who, what)
	}, func(progress Progress) answer.Answer { return progress.made.Or("backend.Done or Ask") })
}
