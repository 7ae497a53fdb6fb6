// Code generated from wit/schemas by plugins-src/sdk/generate.py. DO NOT EDIT.

package sdk

import "encoding/json"

// A plugin is given what its manifest's reads lists and nothing else: a member that is left out has its zero value, and
// one that is not known here is passed over.

// DriverRequest is a request to a driver, which it names.
type DriverRequest interface {
	Driver() string
}

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

// HTTPMethod is one of the texts below, or one of a later version.
type HTTPMethod string

const (
	HTTPMethodDelete  HTTPMethod = "DELETE"
	HTTPMethodGet     HTTPMethod = "GET"
	HTTPMethodHead    HTTPMethod = "HEAD"
	HTTPMethodOptions HTTPMethod = "OPTIONS"
	HTTPMethodPatch   HTTPMethod = "PATCH"
	HTTPMethodPost    HTTPMethod = "POST"
	HTTPMethodPut     HTTPMethod = "PUT"
)

// LogLevel is one of the texts below, or one of a later version.
type LogLevel string

const (
	LogLevelDebug   LogLevel = "debug"
	LogLevelError   LogLevel = "error"
	LogLevelInfo    LogLevel = "info"
	LogLevelWarning LogLevel = "warning"
)

// NotifyKind is one of the texts below, or one of a later version.
type NotifyKind string

const (
	NotifyKindLog      NotifyKind = "log"
	NotifyKindProgress NotifyKind = "progress"
)

// NotifyLevel is one of the texts below, or one of a later version.
type NotifyLevel string

const (
	NotifyLevelAlert     NotifyLevel = "alert"
	NotifyLevelCritical  NotifyLevel = "critical"
	NotifyLevelDebug     NotifyLevel = "debug"
	NotifyLevelEmergency NotifyLevel = "emergency"
	NotifyLevelError     NotifyLevel = "error"
	NotifyLevelInfo      NotifyLevel = "info"
	NotifyLevelNotice    NotifyLevel = "notice"
	NotifyLevelWarning   NotifyLevel = "warning"
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

// SignAlgorithm is one of the texts below, or one of a later version.
type SignAlgorithm string

const (
	SignAlgorithmHMACSHA256 SignAlgorithm = "hmac-sha256"
	SignAlgorithmHMACSHA512 SignAlgorithm = "hmac-sha512"
)

// SignEncoding is one of the texts below, or one of a later version.
type SignEncoding string

const (
	SignEncodingBase64    SignEncoding = "base64"
	SignEncodingBase64url SignEncoding = "base64url"
	SignEncodingHex       SignEncoding = "hex"
)

// SQLMode is one of the texts below, or one of a later version.
type SQLMode string

const (
	SQLModeCount  SQLMode = "count"
	SQLModeOne    SQLMode = "one"
	SQLModeRows   SQLMode = "rows"
	SQLModeScalar SQLMode = "scalar"
)

// StreamFormat is one of the texts below, or one of a later version.
type StreamFormat string

const (
	StreamFormatLines StreamFormat = "lines"
	StreamFormatSse   StreamFormat = "sse"
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

// CommandReply: answer of driver `command`: `status` is the exit status, negative for a signal.
type CommandReply struct {
	// the exit status, negative for a signal
	Status int64 `json:"status"`

	// what it wrote: a text, or the `$ref` of a body that stays in the host
	Stdout *TextOrBlobRef `json:"stdout,omitzero"`

	// the end of what it complained, 16 KiB at most
	Stderr string `json:"stderr,omitzero"`

	// whether output was cut
	Truncated bool `json:"truncated,omitzero"`
}

// CommandRequest: driver `command`: `argv[0]` is a path that the grant names. No shell. `timeout` in ms.
type CommandRequest struct {
	// the program's absolute path, then its arguments
	Argv []string `json:"argv"`

	// what it reads: a text, or the `$ref` of a body that stays in the host
	Stdin any `json:"stdin,omitzero"`

	// ms that it may run
	Timeout int64 `json:"timeout,omitzero"`
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

// HTTPReply: answer of driver `http`: `json` when the media type is JSON, `body` for other text, else `body_base64`.
type HTTPReply struct {
	// the HTTP status; any status is a reply, unless `expect` says otherwise
	Status int64 `json:"status"`

	// headers by lower-case name
	Headers map[string]string `json:"headers,omitzero"`

	// the media type without its parameters
	Media string `json:"media,omitzero"`

	// the body, where it is JSON
	JSON json.RawMessage `json:"json,omitzero"`

	// the body, where it is other text: a text, or the `$ref` of a body that stays in the host
	Body *TextOrBlobRef `json:"body,omitzero"`

	// the body, where it is neither
	BodyBase64 string `json:"body_base64,omitzero"`
}

// HTTPRequest: driver `http`. Exactly one of `body` (text), `body_base64` and `json` at most. `timeout` in ms.
type HTTPRequest struct {
	// the HTTP method
	Method HTTPMethod `json:"method,omitzero"`

	// the absolute URL; encode what you put into it
	URL string `json:"url"`

	// headers by name; a value may be a secret by reference
	Headers map[string]any `json:"headers,omitzero"`

	// what is sent: a text, or the `$ref` of a body that stays in the host
	Body any `json:"body,omitzero"`

	// bytes to send
	BodyBase64 string `json:"body_base64,omitzero"`

	// a value to send as JSON
	JSON any `json:"json,omitzero"`

	// ms that it may take, connecting included
	Timeout int64 `json:"timeout,omitzero"`

	// statuses that are replies; any other fails the effect with `unexpected-status`
	Expect []int64 `json:"expect,omitzero"`

	// whether it may be sent again under one idempotency key when its fate is unknown
	Idempotent bool `json:"idempotent,omitzero"`

	// how to read an answer that comes in pieces
	Stream *Stream `json:"stream,omitzero"`
}

// LogReply: answer of driver `log`: nothing, also for a line that was dropped, so that no answer depends on the log.
type LogReply struct{}

// LogRequest: driver `log`: one line of the gateway's own log, for its operator; `data` stands in JSON logs only.
type LogRequest struct {
	// how urgent it is
	Level LogLevel `json:"level,omitzero"`

	// one line; what is not printable is replaced
	Message string `json:"message"`

	// facts beside it, 16 KiB and 16 levels at most
	Data any `json:"data,omitzero"`
}

// MCPReply: answer of driver `mcp`: the MCP result (or its `$ref` node), or the upstream's JSON-RPC error.
type MCPReply struct {
	// the MCP result
	Result json.RawMessage `json:"result,omitzero"`

	// the upstream's JSON-RPC error
	Error json.RawMessage `json:"error,omitzero"`
}

// MCPRequest: driver `mcp`: one MCP request to an upstream by name. `timeout` in ms.
type MCPRequest struct {
	// the operator's name for the MCP server
	Upstream string `json:"upstream"`

	// the MCP method
	Method string `json:"method"`

	// its parameters
	Params map[string]any `json:"params,omitzero"`

	// ms that it may take
	Timeout int64 `json:"timeout,omitzero"`
}

// NotifyReply: answer of driver `notify`: whether it was sent; what comes too fast is dropped.
type NotifyReply struct {
	// whether it was sent
	Sent bool `json:"sent"`
}

// NotifyRequest: driver `notify`: progress or a log message to the client of this very call.
type NotifyRequest struct {
	// what is told
	Kind NotifyKind `json:"kind"`

	// how far it is; more each time
	Progress float64 `json:"progress,omitzero"`

	// where it ends, if that is known
	Total *float64 `json:"total,omitzero"`

	// one line for people
	Message string `json:"message,omitzero"`

	// how urgent a log message is
	Level NotifyLevel `json:"level,omitzero"`

	// what a log message says, in place of `message`
	Data any `json:"data,omitzero"`
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

// Prompt: a prompt as MCP's prompts/list shows it.
type Prompt struct {
	// its name
	Name string `json:"name"`

	// what people are shown in place of the name
	Title string `json:"title,omitzero"`

	// what it is for, in words for people and models
	Description string `json:"description,omitzero"`

	// what it takes, as MCP has it
	Arguments []json.RawMessage `json:"arguments,omitzero"`

	// icons as MCP has them
	Icons []json.RawMessage `json:"icons,omitzero"`

	// MCP's own extension point, as it came
	Meta json.RawMessage `json:"_meta,omitzero"`

	// the backend's own name, where it is another
	Target string `json:"target,omitzero"`

	// More holds members that no schema names; they go out as they came in.
	More map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON reads all members.
func (d *Prompt) UnmarshalJSON(text []byte) (err error) {
	type plain Prompt
	d.More, err = readOpen(text, (*plain)(d), "name", "title", "description", "arguments", "icons", "_meta", "target")
	return err
}

// MarshalJSON writes all members.
func (d Prompt) MarshalJSON() ([]byte, error) {
	type plain Prompt
	return writeOpen(plain(d), d.More)
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

// Redact: detail of `redact`: JSON pointers into the result, `*` for every member or item.
type Redact struct {
	// JSON pointers into the result; `*` for every member or item
	Paths []string `json:"paths"`

	// what stands there instead
	Replacement *string `json:"replacement,omitzero"`
}

// Resource: a resource as MCP's resources/list shows it.
type Resource struct {
	// its URI
	URI string `json:"uri"`

	// its name
	Name string `json:"name"`

	// what people are shown in place of the name
	Title string `json:"title,omitzero"`

	// what it is for, in words for people and models
	Description string `json:"description,omitzero"`

	// its media type
	MimeType string `json:"mimeType,omitzero"`

	// its size in bytes
	Size int64 `json:"size,omitzero"`

	// hints of its server
	Annotations json.RawMessage `json:"annotations,omitzero"`

	// icons as MCP has them
	Icons []json.RawMessage `json:"icons,omitzero"`

	// MCP's own extension point, as it came
	Meta json.RawMessage `json:"_meta,omitzero"`

	// the backend's own name, where it is another
	Target string `json:"target,omitzero"`

	// More holds members that no schema names; they go out as they came in.
	More map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON reads all members.
func (d *Resource) UnmarshalJSON(text []byte) (err error) {
	type plain Resource
	d.More, err = readOpen(text, (*plain)(d), "uri", "name", "title", "description", "mimeType", "size", "annotations", "icons", "_meta", "target")
	return err
}

// MarshalJSON writes all members.
func (d Resource) MarshalJSON() ([]byte, error) {
	type plain Resource
	return writeOpen(plain(d), d.More)
}

// ResourceTemplate: a resource template as MCP's resources/templates/list shows it.
type ResourceTemplate struct {
	// the template of its URIs (RFC 6570)
	URITemplate string `json:"uriTemplate"`

	// its name
	Name string `json:"name"`

	// what people are shown in place of the name
	Title string `json:"title,omitzero"`

	// what it is for, in words for people and models
	Description string `json:"description,omitzero"`

	// the media type of what it leads to
	MimeType string `json:"mimeType,omitzero"`

	// hints of its server
	Annotations json.RawMessage `json:"annotations,omitzero"`

	// icons as MCP has them
	Icons []json.RawMessage `json:"icons,omitzero"`

	// MCP's own extension point, as it came
	Meta json.RawMessage `json:"_meta,omitzero"`

	// More holds members that no schema names; they go out as they came in.
	More map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON reads all members.
func (d *ResourceTemplate) UnmarshalJSON(text []byte) (err error) {
	type plain ResourceTemplate
	d.More, err = readOpen(text, (*plain)(d), "uriTemplate", "name", "title", "description", "mimeType", "annotations", "icons", "_meta")
	return err
}

// MarshalJSON writes all members.
func (d ResourceTemplate) MarshalJSON() ([]byte, error) {
	type plain ResourceTemplate
	return writeOpen(plain(d), d.More)
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

// SignReply: answer of driver `sign`: the signature in the encoding that was asked for; `base64url` has no padding.
type SignReply struct {
	// the signature
	Signature string `json:"signature"`
}

// SignRequest: driver `sign`: an HMAC over `text` or `text_base64` (exactly one) under a key that the plugin never sees.
//
// `derive` makes a key of the key first, once for each text: `key = HMAC(key, text)`, as AWS Signature 4 does.
type SignRequest struct {
	// the HMAC and its hash
	Algorithm SignAlgorithm `json:"algorithm,omitzero"`

	// the key, by a reference that the grant's `keys` lists
	Key Secret `json:"key"`

	// texts that a key is derived by, one after the other; as many as are granted
	Derive []string `json:"derive,omitzero"`

	// the text to sign
	Text string `json:"text,omitzero"`

	// bytes to sign
	TextBase64 string `json:"text_base64,omitzero"`

	// how the signature is written
	Encoding SignEncoding `json:"encoding,omitzero"`
}

// SQLReply: answer of driver `sql`: rows as objects, one object or null, a scalar, a count, or `results` of a transaction.
type SQLReply struct {
	// mode `rows`: the rows, as objects
	Rows []json.RawMessage `json:"rows,omitzero"`

	// mode `one`: the row; null if there is none
	Row json.RawMessage `json:"row,omitzero"`

	// mode `scalar`: the first value of the first row
	Scalar json.RawMessage `json:"scalar,omitzero"`

	// mode `count`: how many rows were changed
	Count int64 `json:"count,omitzero"`

	// whether there were more rows than `limit` or the grant allows
	Truncated bool `json:"truncated,omitzero"`

	// of a transaction: what each step gave, in order
	Results []json.RawMessage `json:"results,omitzero"`
}

// SQLRequest: driver `sql`: one statement, or `transaction` steps that all happen or none. `limit` in rows, `timeout` in ms.
type SQLRequest struct {
	// the operator's name for the database
	Connection string `json:"connection"`

	// one statement with named parameters (`:name`)
	Statement string `json:"statement,omitzero"`

	// values by name; never put them into the statement
	Parameters map[string]any `json:"parameters,omitzero"`

	// what is wanted back
	Mode SQLMode `json:"mode,omitzero"`

	// rows at most
	Limit int64 `json:"limit,omitzero"`

	// ms that it may run
	Timeout int64 `json:"timeout,omitzero"`

	// steps in place of `statement`, done all or not at all
	Transaction []SQLStep `json:"transaction,omitzero"`
}

// SQLStep: one statement of a transaction; named parameters (`:name`) only, never text of the statement.
type SQLStep struct {
	// one statement with named parameters (`:name`)
	Statement string `json:"statement"`

	// values by name
	Parameters map[string]any `json:"parameters,omitzero"`

	// what is wanted back
	Mode SQLMode `json:"mode,omitzero"`
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

// Stream: how to read a streamed answer: `sse` events or JSON `lines`, with pointers to progress in each of them.
//
// `progress`, `total` and `message` are JSON pointers into an event's data; what they find is sent to the client as
// progress. `last` keeps only the last event's data, else the reply's json is the list of all.
type Stream struct {
	// how the pieces are told apart
	Format StreamFormat `json:"format,omitzero"`

	// JSON pointer to how far it is, in each piece
	Progress string `json:"progress,omitzero"`

	// JSON pointer to where it ends
	Total string `json:"total,omitzero"`

	// JSON pointer to a line for people
	Message string `json:"message,omitzero"`

	// whether only the last piece is kept
	Last bool `json:"last,omitzero"`
}

// Tool: a tool as MCP's tools/list shows it; `target` is the backend's own name where it differs.
type Tool struct {
	// its name
	Name string `json:"name"`

	// JSON Schema of its arguments
	InputSchema json.RawMessage `json:"inputSchema,omitzero"`

	// what people are shown in place of the name
	Title string `json:"title,omitzero"`

	// what it is for, in words for people and models
	Description string `json:"description,omitzero"`

	// JSON Schema of its structured content
	OutputSchema json.RawMessage `json:"outputSchema,omitzero"`

	// hints such as `readOnlyHint`
	Annotations json.RawMessage `json:"annotations,omitzero"`

	// icons as MCP has them
	Icons []json.RawMessage `json:"icons,omitzero"`

	// how it may be run, as MCP has it
	Execution json.RawMessage `json:"execution,omitzero"`

	// MCP's own extension point, as it came
	Meta json.RawMessage `json:"_meta,omitzero"`

	// the backend's own name, where it is another
	Target string `json:"target,omitzero"`

	// More holds members that no schema names; they go out as they came in.
	More map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON reads all members.
func (d *Tool) UnmarshalJSON(text []byte) (err error) {
	type plain Tool
	d.More, err = readOpen(text, (*plain)(d), "name", "inputSchema", "title", "description", "outputSchema", "annotations", "icons", "execution", "_meta", "target")
	return err
}

// MarshalJSON writes all members.
func (d Tool) MarshalJSON() ([]byte, error) {
	type plain Tool
	return writeOpen(plain(d), d.More)
}

// Driver returns `command`.
func (CommandRequest) Driver() string { return "command" }

// Driver returns `http`.
func (HTTPRequest) Driver() string { return "http" }

// Driver returns `log`.
func (LogRequest) Driver() string { return "log" }

// Driver returns `mcp`.
func (MCPRequest) Driver() string { return "mcp" }

// Driver returns `notify`.
func (NotifyRequest) Driver() string { return "notify" }

// Driver returns `sign`.
func (SignRequest) Driver() string { return "sign" }

// Driver returns `sql`.
func (SQLRequest) Driver() string { return "sql" }

// readOpen reads the members that known names, and keeps all others.
func readOpen(text []byte, known any, names ...string) (map[string]json.RawMessage, error) {
	if err := json.Unmarshal(text, known); err != nil {
		return nil, err
	}
	var more map[string]json.RawMessage
	if err := json.Unmarshal(text, &more); err != nil {
		return nil, err
	}
	for _, name := range names {
		delete(more, name)
	}
	return more, nil
}

// writeOpen writes what known holds, and more beside it.
func writeOpen(known any, more map[string]json.RawMessage) ([]byte, error) {
	text, err := json.Marshal(known)
	if err != nil || len(more) == 0 {
		return text, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	for name, value := range more {
		if _, taken := members[name]; !taken {
			members[name] = value
		}
	}
	return json.Marshal(members)
}
