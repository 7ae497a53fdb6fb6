// Code generated from wit/schemas by plugins-src/sdk/generate.py. DO NOT EDIT.

package sdk

import "encoding/json"

// The requests and the replies of drivers.
//
// A plugin is given what its manifest's reads lists and nothing else: a member that is left out has its zero value, and
// one that is not known here is passed over.

// DriverRequest is a request to a driver, which it names.
type DriverRequest interface {
	Driver() string
}

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
