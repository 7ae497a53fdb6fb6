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
	Method string `json:"method"`

	Kind ActionKind `json:"kind"`

	Name string `json:"name"`

	Backend string `json:"backend,omitzero"`

	Upstream string `json:"upstream,omitzero"`

	Annotations json.RawMessage `json:"annotations,omitzero"`

	Session string `json:"session,omitzero"`

	Era string `json:"era,omitzero"`

	Arguments json.RawMessage `json:"arguments,omitzero"`

	Run *RunFacts `json:"run,omitzero"`
}

// Annotate: detail of `annotate`: names and texts that the client is shown beside the result.
type Annotate struct {
	Notes map[string]string `json:"notes"`
}

// Ask: input that only the MCP client can give: requests by key, as MCP's `inputRequests` has them.
//
// The reply holds the results by key, as `inputResponses` has them. What policy refuses is a declined form; any other
// request that is refused, or answered with an error, ends the run.
type Ask struct {
	Requests map[string]map[string]any `json:"requests"`

	State string `json:"state,omitzero"`
}

// AskTold: one request of a server to the client of a call: its asker's key, and what became of it.
//
// `verdict` is `asked` or `refused` (by policy, under `code`) in an `asked` record; `answered`, `error`, `invalid` or
// `timeout` in an `answered` one. `digest` is that of the request as it was shown, or of the response as it counts.
type AskTold struct {
	Key string `json:"key"`

	Method string `json:"method"`

	Verdict string `json:"verdict"`

	Code string `json:"code,omitzero"`

	Digest string `json:"digest,omitzero"`
}

// BlobRef: a body that stays in the host; a plugin may return it where the body should stand.
type BlobRef struct {
	Reference string `json:"$ref"`

	Size int64 `json:"size"`

	SHA256 string `json:"sha256"`

	Media string `json:"media,omitzero"`
}

// Call: one MCP call as backends and transforms see it. `target` is the backend's own name for what is called.
//
// `arguments` of `completion/complete` are MCP's parameters `ref` (its `type` only), `argument` and `context`; a
// transform sees answers of the client to what a server asks as calls of that method, with the answer as arguments.
type Call struct {
	Method string `json:"method"`

	Name string `json:"name"`

	Target string `json:"target,omitzero"`

	Arguments json.RawMessage `json:"arguments,omitzero"`

	Binding json.RawMessage `json:"binding,omitzero"`

	Run *RunFacts `json:"run,omitzero"`
}

// Caller: who is calling. Never holds a credential. Source: schema `caller`.
type Caller struct {
	ID string `json:"id"`

	Kind CallerKind `json:"kind"`

	How How `json:"how"`

	Trust CallerTrust `json:"trust"`

	Issuer string `json:"issuer,omitzero"`

	Tenant string `json:"tenant,omitzero"`

	Groups []string `json:"groups,omitzero"`

	Roles []string `json:"roles,omitzero"`

	Scopes []string `json:"scopes,omitzero"`

	Attributes map[string]string `json:"attributes,omitzero"`
}

// Catalog: what a backend offers, or what a caller is shown.
type Catalog struct {
	Tools []Tool `json:"tools,omitzero"`

	Prompts []Prompt `json:"prompts,omitzero"`

	Resources []Resource `json:"resources,omitzero"`

	Templates []ResourceTemplate `json:"templates,omitzero"`
}

// CommandReply: answer of driver `command`: `status` is the exit status, negative for a signal.
type CommandReply struct {
	Status int64 `json:"status"`

	Stdout *TextOrBlobRef `json:"stdout,omitzero"`

	Stderr string `json:"stderr,omitzero"`

	Truncated bool `json:"truncated,omitzero"`
}

// CommandRequest: driver `command`: `argv[0]` is a path that the grant names. No shell. `timeout` in ms.
type CommandRequest struct {
	Argv []string `json:"argv"`

	Stdin any `json:"stdin,omitzero"`

	Timeout int64 `json:"timeout,omitzero"`
}

// Credential: a credential for the host's vault: the value never reaches a plugin other than its issuer. `expires` is ms since
// 1970, 0 for none.
type Credential struct {
	Value string `json:"value"`

	Scheme *string `json:"scheme,omitzero"`

	Header *string `json:"header,omitzero"`

	Expires int64 `json:"expires,omitzero"`
}

// Credentials: what an identity plugin judges: only headers that its manifest reads, by lower-case name.
type Credentials struct {
	Transport CredentialsTransport `json:"transport"`

	Peer Peer `json:"peer"`

	Headers map[string]string `json:"headers,omitzero"`

	Run *RunFacts `json:"run,omitzero"`
}

// How: how a caller was established: the identity use (set by the host) and the kind of credential.
type How struct {
	Credential string `json:"credential"`

	Plugin string `json:"plugin,omitzero"`
}

// HTTPReply: answer of driver `http`: `json` when the media type is JSON, `body` for other text, else `body_base64`.
type HTTPReply struct {
	Status int64 `json:"status"`

	Headers map[string]string `json:"headers,omitzero"`

	Media string `json:"media,omitzero"`

	JSON json.RawMessage `json:"json,omitzero"`

	Body *TextOrBlobRef `json:"body,omitzero"`

	BodyBase64 string `json:"body_base64,omitzero"`
}

// HTTPRequest: driver `http`. Exactly one of `body` (text), `body_base64` and `json` at most. `timeout` in ms.
type HTTPRequest struct {
	Method HTTPMethod `json:"method,omitzero"`

	URL string `json:"url"`

	Headers map[string]any `json:"headers,omitzero"`

	Body any `json:"body,omitzero"`

	BodyBase64 string `json:"body_base64,omitzero"`

	JSON any `json:"json,omitzero"`

	Timeout int64 `json:"timeout,omitzero"`

	Expect []int64 `json:"expect,omitzero"`

	Idempotent bool `json:"idempotent,omitzero"`

	Stream *Stream `json:"stream,omitzero"`
}

// LogReply: answer of driver `log`: nothing, also for a line that was dropped, so that no answer depends on the log.
type LogReply struct{}

// LogRequest: driver `log`: one line of the gateway's own log, for its operator; `data` stands in JSON logs only.
type LogRequest struct {
	Level LogLevel `json:"level,omitzero"`

	Message string `json:"message"`

	Data any `json:"data,omitzero"`
}

// MCPReply: answer of driver `mcp`: the MCP result (or its `$ref` node), or the upstream's JSON-RPC error.
type MCPReply struct {
	Result json.RawMessage `json:"result,omitzero"`

	Error json.RawMessage `json:"error,omitzero"`
}

// MCPRequest: driver `mcp`: one MCP request to an upstream by name. `timeout` in ms.
type MCPRequest struct {
	Upstream string `json:"upstream"`

	Method string `json:"method"`

	Params map[string]any `json:"params,omitzero"`

	Timeout int64 `json:"timeout,omitzero"`
}

// NotifyReply: answer of driver `notify`: whether it was sent; what comes too fast is dropped.
type NotifyReply struct {
	Sent bool `json:"sent"`
}

// NotifyRequest: driver `notify`: progress or a log message to the client of this very call.
type NotifyRequest struct {
	Kind NotifyKind `json:"kind"`

	Progress float64 `json:"progress,omitzero"`

	Total *float64 `json:"total,omitzero"`

	Message string `json:"message,omitzero"`

	Level NotifyLevel `json:"level,omitzero"`

	Data any `json:"data,omitzero"`
}

// Outcome: how a call ended: `ok` (the result), `tool-error` (a result with isError), `failed` or `unknown` (no result).
type Outcome struct {
	Status OutcomeStatus `json:"status"`

	Result json.RawMessage `json:"result,omitzero"`

	Problem string `json:"problem,omitzero"`
}

// Peer: the other end of the connection. `local` is true only if the listener is bound to loopback, the Host header names
// loopback and no forwarding header is present.
type Peer struct {
	Address string `json:"address,omitzero"`

	Local bool `json:"local,omitzero"`

	Certificates []string `json:"certificates,omitzero"`

	Names []string `json:"names,omitzero"`
}

// Prompt: a prompt as MCP's prompts/list shows it.
type Prompt struct {
	Name string `json:"name"`

	Title string `json:"title,omitzero"`

	Description string `json:"description,omitzero"`

	Arguments []json.RawMessage `json:"arguments,omitzero"`

	Icons []json.RawMessage `json:"icons,omitzero"`

	Meta json.RawMessage `json:"_meta,omitzero"`

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
	Kind RecordKind `json:"kind"`

	Tenant string `json:"tenant"`

	Seq int64 `json:"seq"`

	Call string `json:"call,omitzero"`

	Caller *RecordedCaller `json:"caller,omitzero"`

	Method string `json:"method,omitzero"`

	Name string `json:"name,omitzero"`

	Endpoint string `json:"endpoint,omitzero"`

	Canonical string `json:"canonical,omitzero"`

	Backend string `json:"backend,omitzero"`

	Target string `json:"target,omitzero"`

	Version string `json:"version,omitzero"`

	Arguments string `json:"arguments,omitzero"`

	Result string `json:"result,omitzero"`

	Now int64 `json:"now,omitzero"`

	Seed string `json:"seed,omitzero"`

	Stages []StageRun `json:"stages,omitzero"`

	Status string `json:"status,omitzero"`

	Stage string `json:"stage,omitzero"`

	Code string `json:"code,omitzero"`

	Message string `json:"message,omitzero"`

	Peer string `json:"peer,omitzero"`

	Counted int64 `json:"counted,omitzero"`

	Codes map[string]int64 `json:"codes,omitzero"`

	Peers int64 `json:"peers,omitzero"`

	Event string `json:"event,omitzero"`

	Round int64 `json:"round,omitzero"`

	How string `json:"how,omitzero"`

	Asks []AskTold `json:"asks,omitzero"`

	Resumes string `json:"resumes,omitzero"`

	Notices map[string]int64 `json:"notices,omitzero"`
}

// RecordedCaller: the caller of a record: no attributes, no credential, only what kind of credential it was.
type RecordedCaller struct {
	ID string `json:"id"`

	Kind string `json:"kind"`

	Trust string `json:"trust"`

	Groups []string `json:"groups,omitzero"`

	Identity string `json:"identity,omitzero"`

	Credential string `json:"credential,omitzero"`
}

// Redact: detail of `redact`: JSON pointers into the result, `*` for every member or item.
type Redact struct {
	Paths []string `json:"paths"`

	Replacement *string `json:"replacement,omitzero"`
}

// Resource: a resource as MCP's resources/list shows it.
type Resource struct {
	URI string `json:"uri"`

	Name string `json:"name"`

	Title string `json:"title,omitzero"`

	Description string `json:"description,omitzero"`

	MimeType string `json:"mimeType,omitzero"`

	Size int64 `json:"size,omitzero"`

	Annotations json.RawMessage `json:"annotations,omitzero"`

	Icons []json.RawMessage `json:"icons,omitzero"`

	Meta json.RawMessage `json:"_meta,omitzero"`

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
	URITemplate string `json:"uriTemplate"`

	Name string `json:"name"`

	Title string `json:"title,omitzero"`

	Description string `json:"description,omitzero"`

	MimeType string `json:"mimeType,omitzero"`

	Annotations json.RawMessage `json:"annotations,omitzero"`

	Icons []json.RawMessage `json:"icons,omitzero"`

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
	ID string `json:"id"`

	Now int64 `json:"now"`

	Seed string `json:"seed"`
}

// Secret: secret by reference (`secret://env/NAME`, `secret://file/NAME`, `cred://issuer/target`), put in by the driver.
type Secret struct {
	Reference string `json:"$secret"`

	Prefix string `json:"prefix,omitzero"`

	Suffix string `json:"suffix,omitzero"`
}

// SignReply: answer of driver `sign`: the signature in the encoding that was asked for; `base64url` has no padding.
type SignReply struct {
	Signature string `json:"signature"`
}

// SignRequest: driver `sign`: an HMAC over `text` or `text_base64` (exactly one) under a key that the plugin never sees.
//
// `derive` makes a key of the key first, once for each text: `key = HMAC(key, text)`, as AWS Signature 4 does.
type SignRequest struct {
	Algorithm SignAlgorithm `json:"algorithm,omitzero"`

	Key Secret `json:"key"`

	Derive []string `json:"derive,omitzero"`

	Text string `json:"text,omitzero"`

	TextBase64 string `json:"text_base64,omitzero"`

	Encoding SignEncoding `json:"encoding,omitzero"`
}

// SQLReply: answer of driver `sql`: rows as objects, one object or null, a scalar, a count, or `results` of a transaction.
type SQLReply struct {
	Rows []json.RawMessage `json:"rows,omitzero"`

	Row json.RawMessage `json:"row,omitzero"`

	Scalar json.RawMessage `json:"scalar,omitzero"`

	Count int64 `json:"count,omitzero"`

	Truncated bool `json:"truncated,omitzero"`

	Results []json.RawMessage `json:"results,omitzero"`
}

// SQLRequest: driver `sql`: one statement, or `transaction` steps that all happen or none. `limit` in rows, `timeout` in ms.
type SQLRequest struct {
	Connection string `json:"connection"`

	Statement string `json:"statement,omitzero"`

	Parameters map[string]any `json:"parameters,omitzero"`

	Mode SQLMode `json:"mode,omitzero"`

	Limit int64 `json:"limit,omitzero"`

	Timeout int64 `json:"timeout,omitzero"`

	Transaction []SQLStep `json:"transaction,omitzero"`
}

// SQLStep: one statement of a transaction; named parameters (`:name`) only, never text of the statement.
type SQLStep struct {
	Statement string `json:"statement"`

	Parameters map[string]any `json:"parameters,omitzero"`

	Mode SQLMode `json:"mode,omitzero"`
}

// StageRun: one run of a stage: which component under which configuration said what. `us` is microseconds.
type StageRun struct {
	Stage string `json:"stage"`

	Use string `json:"use"`

	Verdict string `json:"verdict"`

	Function string `json:"function,omitzero"`

	Component string `json:"component,omitzero"`

	Config string `json:"config,omitzero"`

	Input string `json:"input,omitzero"`

	Us int64 `json:"us,omitzero"`

	Code string `json:"code,omitzero"`

	Message string `json:"message,omitzero"`

	Answer string `json:"answer,omitzero"`

	Effects []string `json:"effects,omitzero"`

	Replies string `json:"replies,omitzero"`

	Memo bool `json:"memo,omitzero"`

	Shadow bool `json:"shadow,omitzero"`

	Skipped bool `json:"skipped,omitzero"`
}

// Stream: how to read a streamed answer: `sse` events or JSON `lines`, with pointers to progress in each of them.
//
// `progress`, `total` and `message` are JSON pointers into an event's data; what they find is sent to the client as
// progress. `last` keeps only the last event's data, else the reply's json is the list of all.
type Stream struct {
	Format StreamFormat `json:"format,omitzero"`

	Progress string `json:"progress,omitzero"`

	Total string `json:"total,omitzero"`

	Message string `json:"message,omitzero"`

	Last bool `json:"last,omitzero"`
}

// Tool: a tool as MCP's tools/list shows it; `target` is the backend's own name where it differs.
type Tool struct {
	Name string `json:"name"`

	InputSchema json.RawMessage `json:"inputSchema,omitzero"`

	Title string `json:"title,omitzero"`

	Description string `json:"description,omitzero"`

	OutputSchema json.RawMessage `json:"outputSchema,omitzero"`

	Annotations json.RawMessage `json:"annotations,omitzero"`

	Icons []json.RawMessage `json:"icons,omitzero"`

	Execution json.RawMessage `json:"execution,omitzero"`

	Meta json.RawMessage `json:"_meta,omitzero"`

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
