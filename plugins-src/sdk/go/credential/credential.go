// Package credential makes a credential plugin: it issues what an upstream wants to see. What it issues goes to the host's
// vault, never to another plugin.
package credential

import (
	"encoding/json"

	sdk "mcpg.dev/sdk"
	"mcpg.dev/sdk/internal/answer"
)

// Credential is what the author of a credential plugin writes. An error is "I could not tell", which is never the same as
// a denial.
type Credential interface {
	// Issue issues a credential for a target of this caller.
	Issue(run *sdk.Run, caller sdk.Caller, target string) (Issuance, error)
}

// Issuance is what came of it; its zero value says nothing and fails the run.
type Issuance struct{ made *answer.Answer }

const (
	caseIssued = iota
	caseDeny
	caseFailed
	casePerform
)

// Issued gives a credential.
func Issued(credential sdk.Credential) Issuance {
	return Issuance{&answer.Answer{Case: caseIssued, Payload: answer.JSON(credential)}}
}

// Deny says that there is none for this caller or target: a stable code, and one line for the caller.
func Deny(code, message string) Issuance {
	return Issuance{&answer.Answer{Case: caseDeny, Payload: &sdk.Problem{Code: code, Message: message}}}
}

var plugin answer.Plugin[Credential]

// Export makes this program a credential plugin: create makes it of its configuration, once for each instance. Call it
// in func init. An error of create refuses the configuration, with the code of the *sdk.Problem that it is, or with
// `plugin-error`.
func Export[C any, P Credential](create func(config C) (P, error)) {
	plugin.Register(answer.Creator(create, func(made P) Credential { return made }))
}

func issueFor(caller json.RawMessage, target string, replies []sdk.Reply) answer.Answer {
	given := map[string]json.RawMessage{"caller": caller}
	return answer.Of(replies, given, caseFailed, casePerform, func(run *sdk.Run) (Issuance, error) {
		return plugin.Made().Issue(run, answer.Read[sdk.Caller]("caller", caller), target)
	}, func(issuance Issuance) answer.Answer { return issuance.made.Or("credential.Issued or Deny") })
}
