// Code generated from wit/schemas by plugins-src/sdk/generate.py. DO NOT EDIT.

package sdk

import "encoding/json"

// What plugins are asked with, what they answer, and the secrets and blobs that documents point to.
//
// A plugin is given what its manifest's reads lists and nothing else: a member that is left out has its zero value, and
// one that is not known here is passed over.

// ActionKind is one of the texts below, or one of a later version.
type ActionKind string

const (
	ActionKindMethod   ActionKind = "method"
	ActionKindPrompt   ActionKind = "prompt"
	ActionKindResource ActionKind = "resource"
	ActionKindTemplate ActionKind = "template"
	ActionKindTool     ActionKind = "tool"
)

// CallerKind is one of the texts below, or one of a later version.
type CallerKind string

const (
	CallerKindAnonymous CallerKind = "anonymous"
	CallerKindService   CallerKind = "service"
	CallerKindUser      CallerKind = "user"
	CallerKindWorkload  CallerKind = "workload"
)

// CallerTrust is one of the texts below, or one of a later version.
type CallerTrust string

const (
	CallerTrustAnonymous CallerTrust = "anonymous"
	CallerTrustAsserted  CallerTrust = "asserted"
	CallerTrustVerified  CallerTrust = "verified"
)

// CredentialsTransport is one of the texts below, or one of a later version.
type CredentialsTransport string

const (
	CredentialsTransportHTTP  CredentialsTransport = "http"
	CredentialsTransportStdio CredentialsTransport = "stdio"
)

// OutcomeStatus is one of the texts below, or one of a later version.
type OutcomeStatus string

const (
	OutcomeStatusDenied    OutcomeStatus = "denied"
	OutcomeStatusFailed    OutcomeStatus = "failed"
	OutcomeStatusOk        OutcomeStatus = "ok"
	OutcomeStatusToolError OutcomeStatus = "tool-error"
	OutcomeStatusUnknown   OutcomeStatus = "unknown"
)

// TextOrBlobRef is a text, or, where BlobRef is not nil, that.
type TextOrBlobRef struct {
	Text    string
	BlobRef *BlobRef
}

// UnmarshalJSON reads either.
func (u *TextOrBlobRef) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		return json.Unmarshal(text, &u.Text)
	}
	return json.Unmarshal(text, &u.BlobRef)
}

// MarshalJSON writes what is there.
func (u TextOrBlobRef) MarshalJSON() ([]byte, error) {
	if u.BlobRef != nil {
		return json.Marshal(u.BlobRef)
	}
	return json.Marshal(u.Text)
}

// String returns the text; it is empty where there is none.
func (u *TextOrBlobRef) String() string {
	if u == nil {
		return ""
	}
	return u.Text
}

// Action: what a caller wants to do. `arguments` and `run` are there only if the manifest reads them.
type Action struct {
	// the MCP method, such as `tools/call`
	Method string `json:"method"`

	// what is acted on
	Kind ActionKind `json:"kind"`

	// the name of the tool or prompt, or the URI of the resource
	Name string `json:"name"`

	// the operator's name for the backend that will fulfil it
	Backend string `json:"backend,omitzero"`

	// the operator's name for the MCP server behind it; empty if there is none
	Upstream string `json:"upstream,omitzero"`

	// the tool's annotations as its server gives them: hints, not facts
	Annotations json.RawMessage `json:"annotations,omitzero"`

	// the id of the client's session; empty where there is none
	Session string `json:"session,omitzero"`

	// the revision of MCP that the client speaks, such as `2025-11-25`
	Era string `json:"era,omitzero"`

	// the call's arguments; null before there are any
	Arguments json.RawMessage `json:"arguments,omitzero"`

	// facts of this run
	Run *RunFacts `json:"run,omitzero"`
}

// Annotate: detail of `annotate`: names and texts that the client is shown beside the result.
type Annotate struct {
	// texts by name
	Notes map[string]string `json:"notes"`
}

// Ask: input that only the MCP client can give: requests by key, as MCP's `inputRequests` has them.
//
// The reply holds the results by key, as `inputResponses` has them. What policy refuses is a declined form; any other
// request that is refused, or answered with an error, ends the run.
type Ask struct {
	// MCP requests to the client, by a key of your own; each has `method` and `params`
	Requests map[string]map[string]any `json:"requests"`

	// a text of your own that comes back with the results
	State string `json:"state,omitzero"`
}

// BlobRef: a body that stays in the host; a plugin may return it where the body should stand.
type BlobRef struct {
	// its name in this run
	Reference string `json:"$ref"`

	// its size in bytes
	Size int64 `json:"size"`

	// its digest in hexadecimal digits
	SHA256 string `json:"sha256"`

	// its media type
	Media string `json:"media,omitzero"`
}

// Call: one MCP call as backends and transforms see it. `target` is the backend's own name for what is called.
//
// `arguments` of `completion/complete` are MCP's parameters `ref` (its `type` only), `argument` and `context`; a
// transform sees answers of the client to what a server asks as calls of that method, with the answer as arguments.
type Call struct {
	// the MCP method, such as `tools/call`
	Method string `json:"method"`

	// the name that the client said: tool, prompt or resource URI
	Name string `json:"name"`

	// the backend's own name for it; empty if it is the same
	Target string `json:"target,omitzero"`

	// the arguments of the call
	Arguments json.RawMessage `json:"arguments,omitzero"`

	// what the operator wrote under the tool for this backend
	Binding json.RawMessage `json:"binding,omitzero"`

	// facts of this run
	Run *RunFacts `json:"run,omitzero"`
}

// Caller: who is calling. Never holds a credential. Source: schema `caller`.
type Caller struct {
	// who it is, as the identity plugin knows him
	ID string `json:"id"`

	// what kind of caller
	Kind CallerKind `json:"kind"`

	// how he was established
	How How `json:"how"`

	// how far the id is proven
	Trust CallerTrust `json:"trust"`

	// who vouches for the id; empty if nobody else does
	Issuer string `json:"issuer,omitzero"`

	// the tenant that he belongs to
	Tenant string `json:"tenant,omitzero"`

	// his groups
	Groups []string `json:"groups,omitzero"`

	// his roles
	Roles []string `json:"roles,omitzero"`

	// what his credential is good for
	Scopes []string `json:"scopes,omitzero"`

	// further facts, by name
	Attributes map[string]string `json:"attributes,omitzero"`
}

// Catalog: what a backend offers, or what a caller is shown.
type Catalog struct {
	// tools, as MCP lists them
	Tools []Tool `json:"tools,omitzero"`

	// prompts, as MCP lists them
	Prompts []Prompt `json:"prompts,omitzero"`

	// resources, as MCP lists them
	Resources []Resource `json:"resources,omitzero"`

	// resource templates, as MCP lists them
	Templates []ResourceTemplate `json:"templates,omitzero"`
}

// Credential: a credential for the host's vault: the value never reaches a plugin other than its issuer. `expires` is ms since
// 1970, 0 for none.
type Credential struct {
	// the secret itself; nobody but the host's vault is given it
	Value string `json:"value"`

	// what stands before it in the header; empty for nothing
	Scheme *string `json:"scheme,omitzero"`

	// the header that it is for, in lower case
	Header *string `json:"header,omitzero"`

	// when it ends, in ms since 1970; 0 for never
	Expires int64 `json:"expires,omitzero"`
}

// Credentials: what an identity plugin judges: only headers that its manifest reads, by lower-case name.
type Credentials struct {
	// how the client reached the gateway
	Transport CredentialsTransport `json:"transport"`

	// the other end of the connection
	Peer Peer `json:"peer"`

	// the headers that the manifest reads, by lower-case name
	Headers map[string]string `json:"headers,omitzero"`

	// facts of this run
	Run *RunFacts `json:"run,omitzero"`
}

// How: how a caller was established: the identity use (set by the host) and the kind of credential.
type How struct {
	// the kind of credential, such as `api-key`
	Credential string `json:"credential"`

	// the operator's name for the identity plugin; the host sets it
	Plugin string `json:"plugin,omitzero"`
}

// Outcome: how a call ended: `ok` (the result), `tool-error` (a result with isError), `failed` or `unknown` (no result).
type Outcome struct {
	// how it ended
	Status OutcomeStatus `json:"status"`

	// the MCP result; null if there is none
	Result json.RawMessage `json:"result,omitzero"`

	// why there is no result, in one line
	Problem string `json:"problem,omitzero"`
}

// Peer: the other end of the connection. `local` is true only if the listener is bound to loopback, the Host header names
// loopback and no forwarding header is present.
type Peer struct {
	// its IP address
	Address string `json:"address,omitzero"`

	// whether it is this machine, as far as that can be known
	Local bool `json:"local,omitzero"`

	// its TLS certificates in PEM, its own first
	Certificates []string `json:"certificates,omitzero"`

	// subject names of its certificate that the host verified
	Names []string `json:"names,omitzero"`
}

// Redact: detail of `redact`: JSON pointers into the result, `*` for every member or item.
type Redact struct {
	// JSON pointers into the result; `*` for every member or item
	Paths []string `json:"paths"`

	// what stands there instead
	Replacement *string `json:"replacement,omitzero"`
}

// RunFacts: what a run may know of the world: its id, its recorded time (ms since 1970) and its seed (hex).
type RunFacts struct {
	// the id of the run: that of the call, and a number
	ID string `json:"id"`

	// the recorded time of the call in ms since 1970; the only clock there is
	Now int64 `json:"now"`

	// hexadecimal digits that differ from run to run; the only randomness there is, and no secret
	Seed string `json:"seed"`
}

// Secret: secret by reference (`secret://env/NAME`, `secret://file/NAME`, `cred://issuer/target`), put in by the driver.
type Secret struct {
	// the reference
	Reference string `json:"$secret"`

	// what is put before the secret, such as `Bearer `
	Prefix string `json:"prefix,omitzero"`

	// what is put after it
	Suffix string `json:"suffix,omitzero"`
}
