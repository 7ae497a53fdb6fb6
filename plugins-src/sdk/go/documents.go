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

	Backend string `json:"backend,omitempty"`

	Upstream string `json:"upstream,omitempty"`

	Annotations json.RawMessage `json:"annotations,omitempty"`

	Session string `json:"session,omitempty"`

	Era string `json:"era,omitempty"`

	Arguments json.RawMessage `json:"arguments,omitempty"`

	Run *RunFacts `json:"run,omitempty"`
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

	State string `json:"state,omitempty"`
}

// AskTold: one request of a server to the client of a call: its asker's key, and what became of it.
//
// `verdict` is `asked` or `refused` (by policy, under `code`) in an `asked` record; `answered`, `error`, `invalid` or
// `timeout` in an `answered` one. `digest` is that of the request as it was shown, or of the response as it counts.
type AskTold struct {
	Key string `json:"key"`

	Method string `json:"method"`

	Verdict string `json:"verdict"`

	Code string `json:"code,omitempty"`

	Digest string `json:"digest,omitempty"`
}

// BlobRef: a body that stays in the host; a plugin may return it where the body should stand.
type BlobRef struct {
	Reference string `json:"$ref"`

	Size int64 `json:"size"`

	SHA256 string `json:"sha256"`

	Media string `json:"media,omitempty"`
}

// Call: one MCP call as backends and transforms see it. `target` is the backend's own name for what is called.
//
// `arguments` of `completion/complete` are MCP's parameters `ref` (its `type` only), `argument` and `context`; a
// transform sees answers of the client to what a server asks as calls of that method, with the answer as arguments.
type Call struct {
	Method string `json:"method"`

	Name string `json:"name"`

	Target string `json:"target,omitempty"`

	Arguments json.RawMessage `json:"arguments,omitempty"`

	Binding json.RawMessage `json:"binding,omitempty"`

	Run *RunFacts `json:"run,omitempty"`
}

// Caller: who is calling. Never holds a credential. Source: schema `caller`.
type Caller struct {
	ID string `json:"id"`

	Kind CallerKind `json:"kind"`

	How How `json:"how"`

	Trust CallerTrust `json:"trust"`

	Issuer string `json:"issuer,omitempty"`

	Tenant string `json:"tenant,omitempty"`

	Groups []string `json:"groups,omitempty"`

	Roles []string `json:"roles,omitempty"`

	Scopes []string `json:"scopes,omitempty"`

	Attributes map[string]string `json:"attributes,omitempty"`
}

// Catalog: what a backend offers, or what a caller is shown.
type Catalog struct {
	Tools []Tool `json:"tools,omitempty"`

	Prompts []Prompt `json:"prompts,omitempty"`

	Resources []Resource `json:"resources,omitempty"`

	Templates []ResourceTemplate `json:"templates,omitempty"`
}

// CommandReply: answer of driver `command`: `status` is the exit status, negative for a signal.
type CommandReply struct {
	Status int64 `json:"status"`

	Stdout *TextOrBlobRef `json:"stdout,omitempty"`

	Stderr string `json:"stderr,omitempty"`

	Truncated bool `json:"truncated,omitempty"`
}

// CommandRequest: driver `command`: `argv[0]` is a path that the grant names. No shell. `timeout` in ms.
type CommandRequest struct {
	Argv []string `json:"argv"`

	Stdin any `json:"stdin,omitempty"`

	Timeout int64 `json:"timeout,omitempty"`
}

// Credential: a credential for the host's vault: the value never reaches a plugin other than its issuer. `expires` is ms since
// 1970, 0 for none.
type Credential struct {
	Value string `json:"value"`

	Scheme *string `json:"scheme,omitempty"`

	Header *string `json:"header,omitempty"`

	Expires int64 `json:"expires,omitempty"`
}

// Credentials: what an identity plugin judges: only headers that its manifest reads, by lower-case name.
type Credentials struct {
	Transport CredentialsTransport `json:"transport"`

	Peer Peer `json:"peer"`

	Headers map[string]string `json:"headers,omitempty"`

	Run *RunFacts `json:"run,omitempty"`
}

// How: how a caller was established: the identity use (set by the host) and the kind of credential.
type How struct {
	Credential string `json:"credential"`

	Plugin string `json:"plugin,omitempty"`
}

// HTTPReply: answer of driver `http`: `json` when the media type is JSON, `body` for other text, else `body_base64`.
type HTTPReply struct {
	Status int64 `json:"status"`

	Headers map[string]string `json:"headers,omitempty"`

	Media string `json:"media,omitempty"`

	JSON json.RawMessage `json:"json,omitempty"`

	Body *TextOrBlobRef `json:"body,omitempty"`

	BodyBase64 string `json:"body_base64,omitempty"`
}

// HTTPRequest: driver `http`. Exactly one of `body` (text), `body_base64` and `json` at most. `timeout` in ms.
type HTTPRequest struct {
	Method HTTPMethod `json:"method,omitempty"`

	URL string `json:"url"`

	Headers map[string]any `json:"headers,omitempty"`

	Body any `json:"body,omitempty"`

	BodyBase64 string `json:"body_base64,omitempty"`

	JSON any `json:"json,omitempty"`

	Timeout int64 `json:"timeout,omitempty"`

	Expect []int64 `json:"expect,omitempty"`

	Idempotent bool `json:"idempotent,omitempty"`

	Stream *Stream `json:"stream,omitempty"`
}

// LogReply: answer of driver `log`: nothing, also for a line that was dropped, so that no answer depends on the log.
type LogReply struct{}

// LogRequest: driver `log`: one line of the gateway's own log, for its operator; `data` stands in JSON logs only.
type LogRequest struct {
	Level LogLevel `json:"level,omitempty"`

	Message string `json:"message"`

	Data any `json:"data,omitempty"`
}

// MCPReply: answer of driver `mcp`: the MCP result (or its `$ref` node), or the upstream's JSON-RPC error.
type MCPReply struct {
	Result json.RawMessage `json:"result,omitempty"`

	Error json.RawMessage `json:"error,omitempty"`
}

// MCPRequest: driver `mcp`: one MCP request to an upstream by name. `timeout` in ms.
type MCPRequest struct {
	Upstream string `json:"upstream"`

	Method string `json:"method"`

	Params map[string]any `json:"params,omitempty"`

	Timeout int64 `json:"timeout,omitempty"`
}

// NotifyReply: answer of driver `notify`: whether it was sent; what comes too fast is dropped.
type NotifyReply struct {
	Sent bool `json:"sent"`
}

// NotifyRequest: driver `notify`: progress or a log message to the client of this very call.
type NotifyRequest struct {
	Kind NotifyKind `json:"kind"`

	Progress float64 `json:"progress,omitempty"`

	Total *float64 `json:"total,omitempty"`

	Message string `json:"message,omitempty"`

	Level NotifyLevel `json:"level,omitempty"`

	Data any `json:"data,omitempty"`
}

// Outcome: how a call ended: `ok` (the result), `tool-error` (a result with isError), `failed` or `unknown` (no result).
type Outcome struct {
	Status OutcomeStatus `json:"status"`

	Result json.RawMessage `json:"result,omitempty"`

	Problem string `json:"problem,omitempty"`
}

// Peer: the other end of the connection. `local` is true only if the listener is bound to loopback, the Host header names
// loopback and no forwarding header is present.
type Peer struct {
	Address string `json:"address,omitempty"`

	Local bool `json:"local,omitempty"`

	Certificates []string `json:"certificates,omitempty"`

	Names []string `json:"names,omitempty"`
}

// Prompt: a prompt as MCP's prompts/list shows it.
type Prompt struct {
	Name string `json:"name"`

	Title string `json:"title,omitempty"`

	Description string `json:"description,omitempty"`

	Arguments []json.RawMessage `json:"arguments,omitempty"`

	Icons []json.RawMessage `json:"icons,omitempty"`

	Meta json.RawMessage `json:"_meta,omitempty"`

	Target string `json:"target,omitempty"`

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

	Call string `json:"call,omitempty"`

	Caller *RecordedCaller `json:"caller,omitempty"`

	Method string `json:"method,omitempty"`

	Name string `json:"name,omitempty"`

	Endpoint string `json:"endpoint,omitempty"`

	Canonical string `json:"canonical,omitempty"`

	Backend string `json:"backend,omitempty"`

	Target string `json:"target,omitempty"`

	Version string `json:"version,omitempty"`

	Arguments string `json:"arguments,omitempty"`

	Result string `json:"result,omitempty"`

	Now int64 `json:"now,omitempty"`

	Seed string `json:"seed,omitempty"`

	Stages []StageRun `json:"stages,omitempty"`

	Status string `json:"status,omitempty"`

	Stage string `json:"stage,omitempty"`

	Code string `json:"code,omitempty"`

	Message string `json:"message,omitempty"`

	Peer string `json:"peer,omitempty"`

	Counted int64 `json:"counted,omitempty"`

	Codes map[string]int64 `json:"codes,omitempty"`

	Peers int64 `json:"peers,omitempty"`

	Event string `json:"event,omitempty"`

	Round int64 `json:"round,omitempty"`

	How string `json:"how,omitempty"`

	Asks []AskTold `json:"asks,omitempty"`

	Resumes string `json:"resumes,omitempty"`

	Notices map[string]int64 `json:"notices,omitempty"`
}

// RecordedCaller: the caller of a record: no attributes, no credential, only what kind of credential it was.
type RecordedCaller struct {
	ID string `json:"id"`

	Kind string `json:"kind"`

	Trust string `json:"trust"`

	Groups []string `json:"groups,omitempty"`

	Identity string `json:"identity,omitempty"`

	Credential string `json:"credential,omitempty"`
}

// Redact: detail of `redact`: JSON pointers into the result, `*` for every member or item.
type Redact struct {
	Paths []string `json:"paths"`

	Replacement *string `json:"replacement,omitempty"`
}

// Resource: a resource as MCP's resources/list shows it.
type Resource struct {
	URI string `json:"uri"`

	Name string `json:"name"`

	Title string `json:"title,omitempty"`

	Description string `json:"description,omitempty"`

	MimeType string `json:"mimeType,omitempty"`

	Size int64 `json:"size,omitempty"`

	Annotations json.RawMessage `json:"annotations,omitempty"`

	Icons []json.RawMessage `json:"icons,omitempty"`

	Meta json.RawMessage `json:"_meta,omitempty"`

	Target string `json:"target,omitempty"`

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

	Title string `json:"title,omitempty"`

	Description string `json:"description,omitempty"`

	MimeType string `json:"mimeType,omitempty"`

	Annotations json.RawMessage `json:"annotations,omitempty"`

	Icons []json.RawMessage `json:"icons,omitempty"`

	Meta json.RawMessage `json:"_meta,omitempty"`

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

	Prefix string `json:"prefix,omitempty"`

	Suffix string `json:"suffix,omitempty"`
}

// SignReply: answer of driver `sign`: the signature in the encoding that was asked for; `base64url` has no padding.
type SignReply struct {
	Signature string `json:"signature"`
}

// SignRequest: driver `sign`: an HMAC over `text` or `text_base64` (exactly one) under a key that the plugin never sees.
//
// `derive` makes a key of the key first, once for each text: `key = HMAC(key, text)`, as AWS Signature 4 does.
type SignRequest struct {
	Algorithm SignAlgorithm `json:"algorithm,omitempty"`

	Key Secret `json:"key"`

	Derive []string `json:"derive,omitempty"`

	Text string `json:"text,omitempty"`

	TextBase64 string `json:"text_base64,omitempty"`

	Encoding SignEncoding `json:"encoding,omitempty"`
}

// SQLReply: answer of driver `sql`: rows as objects, one object or null, a scalar, a count, or `results` of a transaction.
type SQLReply struct {
	Rows []json.RawMessage `json:"rows,omitempty"`

	Row json.RawMessage `json:"row,omitempty"`

	Scalar json.RawMessage `json:"scalar,omitempty"`

	Count int64 `json:"count,omitempty"`

	Truncated bool `json:"truncated,omitempty"`

	Results []json.RawMessage `json:"results,omitempty"`
}

// SQLRequest: driver `sql`: one statement, or `transaction` steps that all happen or none. `limit` in rows, `timeout` in ms.
type SQLRequest struct {
	Connection string `json:"connection"`

	Statement string `json:"statement,omitempty"`

	Parameters map[string]any `json:"parameters,omitempty"`

	Mode SQLMode `json:"mode,omitempty"`

	Limit int64 `json:"limit,omitempty"`

	Timeout int64 `json:"timeout,omitempty"`

	Transaction []SQLStep `json:"transaction,omitempty"`
}

// SQLStep: one statement of a transaction; named parameters (`:name`) only, never text of the statement.
type SQLStep struct {
	Statement string `json:"statement"`

	Parameters map[string]any `json:"parameters,omitempty"`

	Mode SQLMode `json:"mode,omitempty"`
}

// StageRun: one run of a stage: which component under which configuration said what. `us` is microseconds.
type StageRun struct {
	Stage string `json:"stage"`

	Use string `json:"use"`

	Verdict string `json:"verdict"`

	Function string `json:"function,omitempty"`

	Component string `json:"component,omitempty"`

	Config string `json:"config,omitempty"`

	Input string `json:"input,omitempty"`

	Us int64 `json:"us,omitempty"`

	Code string `json:"code,omitempty"`

	Message string `json:"message,omitempty"`

	Answer string `json:"answer,omitempty"`

	Effects []string `json:"effects,omitempty"`

	Replies string `json:"replies,omitempty"`

	Memo bool `json:"memo,omitempty"`

	Shadow bool `json:"shadow,omitempty"`

	Skipped bool `json:"skipped,omitempty"`
}

// Stream: how to read a streamed answer: `sse` events or JSON `lines`, with pointers to progress in each of them.
//
// `progress`, `total` and `message` are JSON pointers into an event's data; what they find is sent to the client as
// progress. `last` keeps only the last event's data, else the reply's json is the list of all.
type Stream struct {
	Format StreamFormat `json:"format,omitempty"`

	Progress string `json:"progress,omitempty"`

	Total string `json:"total,omitempty"`

	Message string `json:"message,omitempty"`

	Last bool `json:"last,omitempty"`
}

// Tool: a tool as MCP's tools/list shows it; `target` is the backend's own name where it differs.
type Tool struct {
	Name string `json:"name"`

	InputSchema json.RawMessage `json:"inputSchema,omitempty"`

	Title string `json:"title,omitempty"`

	Description string `json:"description,omitempty"`

	OutputSchema json.RawMessage `json:"outputSchema,omitempty"`

	Annotations json.RawMessage `json:"annotations,omitempty"`

	Icons []json.RawMessage `json:"icons,omitempty"`

	Execution json.RawMessage `json:"execution,omitempty"`

	Meta json.RawMessage `json:"_meta,omitempty"`

	Target string `json:"target,omitempty"`

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
