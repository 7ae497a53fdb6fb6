// Package identity makes an identity plugin: who is calling?
package identity

import (
	"encoding/json"

	sdk "mcpg.dev/sdk"
	"mcpg.dev/sdk/internal/answer"
)

// Identity is what the author of an identity plugin writes. An error is "I could not tell", which is never the same as a
// rejection.
type Identity interface {
	// Identify judges the credentials of a request.
	Identify(run *sdk.Run, request sdk.Credentials) (Finding, error)
}

// Finding is what an identity plugin found; its zero value says nothing and fails the run.
type Finding struct{ made *answer.Answer }

const (
	caseCaller = iota
	caseAbstain
	caseReject
	caseFailed
	casePerform
)

// Caller says who it is.
func Caller(caller sdk.Caller) Finding {
	return Finding{&answer.Answer{Case: caseCaller, Payload: answer.JSON(caller)}}
}

// Abstain says that no credential of my kind is here; the next plugin may look.
func Abstain() Finding { return Finding{&answer.Answer{Case: caseAbstain}} }

// Reject says that a credential of my kind is here and that it is bad; the chain stops.
func Reject(code, message string) Finding {
	return Finding{&answer.Answer{Case: caseReject, Payload: &sdk.Problem{Code: code, Message: message}}}
}

var plugin answer.Plugin[Identity]

// Export makes this program an identity plugin: create makes it of its configuration, once for each instance. Call it
// in func init. An error of create refuses the configuration, with the code of the *sdk.Problem that it is, or with
// `plugin-error`.
func Export[C any, P Identity](create func(config C) (P, error)) {
	plugin.Register(answer.Creator(create, func(made P) Identity { return made }))
}

func identify(request json.RawMessage, replies []sdk.Reply) answer.Answer {
	given := map[string]json.RawMessage{"request": request}
	return answer.Of(replies, given, caseFailed, casePerform, func(run *sdk.Run) (Finding, error) {
		return plugin.Made().Identify(run, answer.Read[sdk.Credentials]("request", request))
	}, func(finding Finding) answer.Answer { return finding.made.Or("identity.Caller, Abstain or Reject") })
}
