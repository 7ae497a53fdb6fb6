// Code generated from wit/schemas by plugins-src/sdk/generate.py. DO NOT EDIT.

package sdk

// What the ledger keeps, as sinks are given it.
//
// A plugin is given what its manifest's reads lists and nothing else: a member that is left out has its zero value, and
// one that is not known here is passed over.

// RecordKind is one of the texts below, or one of a later version.
type RecordKind string

const (
	RecordKindAnswered RecordKind = "answered"
	RecordKindAsked    RecordKind = "asked"
	RecordKindEvent    RecordKind = "event"
	RecordKindIntent   RecordKind = "intent"
	RecordKindOutcome  RecordKind = "outcome"
	RecordKindRefusal  RecordKind = "refusal"
)

// AskTold: one request of a server to the client of a call: its asker's key, and what became of it.
//
// `verdict` is `asked` or `refused` (by policy, under `code`) in an `asked` record; `answered`, `error`, `invalid` or
// `timeout` in an `answered` one. `digest` is that of the request as it was shown, or of the response as it counts.
type AskTold struct {
	// the asker's key for it
	Key string `json:"key"`

	// the MCP method that was asked
	Method string `json:"method"`

	// what became of it
	Verdict string `json:"verdict"`

	// why, where it was refused
	Code string `json:"code,omitzero"`

	// digest under the tenant's key (`hmac-sha256:HEX`), or empty
	Digest string `json:"digest,omitzero"`
}

// Record: a record of the ledger: `intent` and `outcome` of a call, a `refusal`, or an `event` of the gateway.
//
// Between intent and outcome there are `asked` and `answered` where a server asks the call's client: `round` counts,
// `how` is `live`, `sealed` or `impossible`, `resumes` names the call that asked, where the client came back with
// another. `notices` counts the notifications of a call: `progress`, `messages`, `withheld`.
//
// `now` is the call's time in ms since 1970. `name` is what the client of the `endpoint` said, `canonical` what
// policies know it as, if that is another. Refusals of a flood are one record with `counted`, their codes and how many
// peers there were.
type Record struct {
	// what is recorded
	Kind RecordKind `json:"kind"`

	// whose chain it stands in
	Tenant string `json:"tenant"`

	// its number in that chain
	Seq int64 `json:"seq"`

	// the id of the call, for `mcpg explain`
	Call string `json:"call,omitzero"`

	// who called
	Caller *RecordedCaller `json:"caller,omitzero"`

	// the MCP method
	Method string `json:"method,omitzero"`

	// what the client said
	Name string `json:"name,omitzero"`

	// the endpoint that was asked
	Endpoint string `json:"endpoint,omitzero"`

	// the name that policies know, if another
	Canonical string `json:"canonical,omitzero"`

	// the operator's name for the backend
	Backend string `json:"backend,omitzero"`

	// the backend's own name
	Target string `json:"target,omitzero"`

	// the revision of MCP that the client speaks
	Version string `json:"version,omitzero"`

	// digest under the tenant's key (`hmac-sha256:HEX`), or empty
	Arguments string `json:"arguments,omitzero"`

	// digest under the tenant's key (`hmac-sha256:HEX`), or empty
	Result string `json:"result,omitzero"`

	// the call's time in ms since 1970
	Now int64 `json:"now,omitzero"`

	// the call's seed
	Seed string `json:"seed,omitzero"`

	// every run of every stage, in order
	Stages []StageRun `json:"stages,omitzero"`

	// how the call ended, as `status` of an outcome
	Status string `json:"status,omitzero"`

	// the stage that ended it
	Stage string `json:"stage,omitzero"`

	// the error's code
	Code string `json:"code,omitzero"`

	// the error in one line
	Message string `json:"message,omitzero"`

	// the address of who was refused
	Peer string `json:"peer,omitzero"`

	// how many refusals this one record stands for
	Counted int64 `json:"counted,omitzero"`

	// how many there were of each code
	Codes map[string]int64 `json:"codes,omitzero"`

	// how many peers there were
	Peers int64 `json:"peers,omitzero"`

	// the name of an event of the gateway
	Event string `json:"event,omitzero"`

	// how often the call's client had been asked
	Round int64 `json:"round,omitzero"`

	// how the client was asked
	How string `json:"how,omitzero"`

	// what it was asked, or answered
	Asks []AskTold `json:"asks,omitzero"`

	// the call that this one goes on with
	Resumes string `json:"resumes,omitzero"`

	// how many notifications there were, by what became of them
	Notices map[string]int64 `json:"notices,omitzero"`
}

// RecordedCaller: the caller of a record: no attributes, no credential, only what kind of credential it was.
type RecordedCaller struct {
	// his id
	ID string `json:"id"`

	// what kind of caller
	Kind string `json:"kind"`

	// how far the id is proven
	Trust string `json:"trust"`

	// his groups
	Groups []string `json:"groups,omitzero"`

	// the identity plugin's name
	Identity string `json:"identity,omitzero"`

	// the kind of credential
	Credential string `json:"credential,omitzero"`
}

// StageRun: one run of a stage: which component under which configuration said what. `us` is microseconds.
type StageRun struct {
	// the stage
	Stage string `json:"stage"`

	// the operator's name for the plugin
	Use string `json:"use"`

	// what it said
	Verdict string `json:"verdict"`

	// what it was asked
	Function string `json:"function,omitzero"`

	// the digest of the component
	Component string `json:"component,omitzero"`

	// the digest of its configuration
	Config string `json:"config,omitzero"`

	// digest under the tenant's key (`hmac-sha256:HEX`), or empty
	Input string `json:"input,omitzero"`

	// how long it took, in microseconds
	Us int64 `json:"us,omitzero"`

	// the code of a denial or failure
	Code string `json:"code,omitzero"`

	// the same in one line
	Message string `json:"message,omitzero"`

	// digest under the tenant's key (`hmac-sha256:HEX`), or empty
	Answer string `json:"answer,omitzero"`

	// the drivers that it asked, in order
	Effects []string `json:"effects,omitzero"`

	// digest under the tenant's key (`hmac-sha256:HEX`), or empty
	Replies string `json:"replies,omitzero"`

	// whether the verdict was remembered from before
	Memo bool `json:"memo,omitzero"`

	// whether the verdict did not count
	Shadow bool `json:"shadow,omitzero"`

	// whether it failed and was passed over
	Skipped bool `json:"skipped,omitzero"`
}
