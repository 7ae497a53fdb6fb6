//! The documents of the contract, typed. A plugin is given what its manifest's `reads` lists and nothing else: a member
//! that is left out has its default here, and one that is not known here is passed over.
//!
//! Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A request to a driver: its name, and the reply that it answers with.
pub trait DriverRequest: Serialize {
    const DRIVER: &'static str;
    type Reply: DeserializeOwned;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TextOrBlobRef {
    Text(String),
    BlobRef(BlobRef),
}

impl From<String> for TextOrBlobRef {
    fn from(value: String) -> Self {
        TextOrBlobRef::Text(value)
    }
}

impl From<&str> for TextOrBlobRef {
    fn from(value: &str) -> Self {
        TextOrBlobRef::Text(value.into())
    }
}

impl From<BlobRef> for TextOrBlobRef {
    fn from(value: BlobRef) -> Self {
        TextOrBlobRef::BlobRef(value)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TextOrSecret {
    Text(String),
    Secret(Secret),
}

impl From<String> for TextOrSecret {
    fn from(value: String) -> Self {
        TextOrSecret::Text(value)
    }
}

impl From<&str> for TextOrSecret {
    fn from(value: &str) -> Self {
        TextOrSecret::Text(value.into())
    }
}

impl From<Secret> for TextOrSecret {
    fn from(value: Secret) -> Self {
        TextOrSecret::Secret(value)
    }
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum ActionKind {
    #[serde(rename = "method")]
    Method,
    #[serde(rename = "prompt")]
    Prompt,
    #[serde(rename = "resource")]
    Resource,
    #[serde(rename = "template")]
    Template,
    #[serde(rename = "tool")]
    Tool,
    #[default]
    /// Left out, or a value of a later version; it cannot be written.
    #[serde(other, skip_serializing)]
    Other,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum CallerKind {
    #[serde(rename = "anonymous")]
    Anonymous,
    #[serde(rename = "service")]
    Service,
    #[serde(rename = "user")]
    User,
    #[serde(rename = "workload")]
    Workload,
    #[default]
    /// Left out, or a value of a later version; it cannot be written.
    #[serde(other, skip_serializing)]
    Other,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum CallerTrust {
    #[serde(rename = "anonymous")]
    Anonymous,
    #[serde(rename = "asserted")]
    Asserted,
    #[serde(rename = "verified")]
    Verified,
    #[default]
    /// Left out, or a value of a later version; it cannot be written.
    #[serde(other, skip_serializing)]
    Other,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum CredentialsTransport {
    #[serde(rename = "http")]
    Http,
    #[serde(rename = "stdio")]
    Stdio,
    #[default]
    /// Left out, or a value of a later version; it cannot be written.
    #[serde(other, skip_serializing)]
    Other,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum HttpMethod {
    #[serde(rename = "DELETE")]
    Delete,
    #[default]
    #[serde(rename = "GET")]
    Get,
    #[serde(rename = "HEAD")]
    Head,
    #[serde(rename = "OPTIONS")]
    Options,
    #[serde(rename = "PATCH")]
    Patch,
    #[serde(rename = "POST")]
    Post,
    #[serde(rename = "PUT")]
    Put,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum LogLevel {
    #[serde(rename = "debug")]
    Debug,
    #[serde(rename = "error")]
    Error,
    #[default]
    #[serde(rename = "info")]
    Info,
    #[serde(rename = "warning")]
    Warning,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum NotifyKind {
    #[default]
    #[serde(rename = "log")]
    Log,
    #[serde(rename = "progress")]
    Progress,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum NotifyLevel {
    #[serde(rename = "alert")]
    Alert,
    #[serde(rename = "critical")]
    Critical,
    #[serde(rename = "debug")]
    Debug,
    #[serde(rename = "emergency")]
    Emergency,
    #[serde(rename = "error")]
    Error,
    #[default]
    #[serde(rename = "info")]
    Info,
    #[serde(rename = "notice")]
    Notice,
    #[serde(rename = "warning")]
    Warning,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum OutcomeStatus {
    #[serde(rename = "denied")]
    Denied,
    #[serde(rename = "failed")]
    Failed,
    #[serde(rename = "ok")]
    Ok,
    #[serde(rename = "tool-error")]
    ToolError,
    #[serde(rename = "unknown")]
    Unknown,
    #[default]
    /// Left out, or a value of a later version; it cannot be written.
    #[serde(other, skip_serializing)]
    Other,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum RecordKind {
    #[serde(rename = "answered")]
    Answered,
    #[serde(rename = "asked")]
    Asked,
    #[serde(rename = "event")]
    Event,
    #[serde(rename = "intent")]
    Intent,
    #[serde(rename = "outcome")]
    Outcome,
    #[serde(rename = "refusal")]
    Refusal,
    #[default]
    /// Left out, or a value of a later version; it cannot be written.
    #[serde(other, skip_serializing)]
    Other,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum SignAlgorithm {
    #[default]
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    #[serde(rename = "hmac-sha512")]
    HmacSha512,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum SignEncoding {
    #[serde(rename = "base64")]
    Base64,
    #[serde(rename = "base64url")]
    Base64url,
    #[default]
    #[serde(rename = "hex")]
    Hex,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum SqlMode {
    #[serde(rename = "count")]
    Count,
    #[serde(rename = "one")]
    One,
    #[default]
    #[serde(rename = "rows")]
    Rows,
    #[serde(rename = "scalar")]
    Scalar,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum StreamFormat {
    #[serde(rename = "lines")]
    Lines,
    #[default]
    #[serde(rename = "sse")]
    Sse,
}

/// What a caller wants to do. `arguments` and `run` are there only if the manifest reads them.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Action {
    /// the MCP method, such as `tools/call`
    pub method: String,
    /// what is acted on
    pub kind: ActionKind,
    /// the name of the tool or prompt, or the URI of the resource
    pub name: String,
    /// the operator's name for the backend that will fulfil it
    #[serde(skip_serializing_if = "String::is_empty")]
    pub backend: String,
    /// the operator's name for the MCP server behind it; empty if there is none
    #[serde(skip_serializing_if = "String::is_empty")]
    pub upstream: String,
    /// the tool's annotations as its server gives them: hints, not facts
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub annotations: Map<String, Value>,
    /// the id of the client's session; empty where there is none
    #[serde(skip_serializing_if = "String::is_empty")]
    pub session: String,
    /// the revision of MCP that the client speaks, such as `2025-11-25`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub era: String,
    /// the call's arguments; null before there are any
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Map<String, Value>>,
    /// facts of this run
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunFacts>,
}

/// Detail of `annotate`: names and texts that the client is shown beside the result.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Annotate {
    /// texts by name
    pub notes: BTreeMap<String, String>,
}

/// Input that only the MCP client can give: requests by key, as MCP's `inputRequests` has them.
///
/// The reply holds the results by key, as `inputResponses` has them. What policy refuses is a declined form; any other
/// request that is refused, or answered with an error, ends the run.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ask {
    /// MCP requests to the client, by a key of your own; each has `method` and `params`
    pub requests: BTreeMap<String, Map<String, Value>>,
    /// a text of your own that comes back with the results
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
}

/// One request of a server to the client of a call: its asker's key, and what became of it.
///
/// `verdict` is `asked` or `refused` (by policy, under `code`) in an `asked` record; `answered`, `error`, `invalid` or
/// `timeout` in an `answered` one. `digest` is that of the request as it was shown, or of the response as it counts.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AskTold {
    /// the asker's key for it
    pub key: String,
    /// the MCP method that was asked
    pub method: String,
    /// what became of it
    pub verdict: String,
    /// why, where it was refused
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// digest under the tenant's key (`hmac-sha256:HEX`), or empty
    #[serde(skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// A body that stays in the host; a plugin may return it where the body should stand.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlobRef {
    /// its name in this run
    #[serde(rename = "$ref")]
    pub reference: String,
    /// its size in bytes
    pub size: i64,
    /// its digest in hexadecimal digits
    pub sha256: String,
    /// its media type
    #[serde(skip_serializing_if = "String::is_empty")]
    pub media: String,
}

/// One MCP call as backends and transforms see it. `target` is the backend's own name for what is called.
///
/// `arguments` of `completion/complete` are MCP's parameters `ref` (its `type` only), `argument` and `context`; a
/// transform sees answers of the client to what a server asks as calls of that method, with the answer as arguments.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Call {
    /// the MCP method, such as `tools/call`
    pub method: String,
    /// the name that the client said: tool, prompt or resource URI
    pub name: String,
    /// the backend's own name for it; empty if it is the same
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// the arguments of the call
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub arguments: Map<String, Value>,
    /// what the operator wrote under the tool for this backend
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub binding: Map<String, Value>,
    /// facts of this run
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunFacts>,
}

/// Who is calling. Never holds a credential. Source: schema `caller`.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Caller {
    /// who it is, as the identity plugin knows him
    pub id: String,
    /// what kind of caller
    pub kind: CallerKind,
    /// how he was established
    pub how: How,
    /// how far the id is proven
    pub trust: CallerTrust,
    /// who vouches for the id; empty if nobody else does
    #[serde(skip_serializing_if = "String::is_empty")]
    pub issuer: String,
    /// the tenant that he belongs to
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tenant: String,
    /// his groups
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// his roles
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// what his credential is good for
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// further facts, by name
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

/// What a backend offers, or what a caller is shown.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Catalog {
    /// tools, as MCP lists them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// prompts, as MCP lists them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<Prompt>,
    /// resources, as MCP lists them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// resource templates, as MCP lists them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<ResourceTemplate>,
}

/// Answer of driver `command`: `status` is the exit status, negative for a signal.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandReply {
    /// the exit status, negative for a signal
    pub status: i64,
    /// what it wrote: a text, or the `$ref` of a body that stays in the host
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<TextOrBlobRef>,
    /// the end of what it complained, 16 KiB at most
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    /// whether output was cut
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// Driver `command`: `argv[0]` is a path that the grant names. No shell. `timeout` in ms.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandRequest {
    /// the program's absolute path, then its arguments
    pub argv: Vec<String>,
    /// what it reads: a text, or the `$ref` of a body that stays in the host
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdin: Option<TextOrBlobRef>,
    /// ms that it may run
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
}

/// A credential for the host's vault: the value never reaches a plugin other than its issuer. `expires` is ms since
/// 1970, 0 for none.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Credential {
    /// the secret itself; nobody but the host's vault is given it
    pub value: String,
    /// what stands before it in the header; empty for nothing
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// the header that it is for, in lower case
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// when it ends, in ms since 1970; 0 for never
    pub expires: i64,
}

/// What an identity plugin judges: only headers that its manifest reads, by lower-case name.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Credentials {
    /// how the client reached the gateway
    pub transport: CredentialsTransport,
    /// the other end of the connection
    pub peer: Peer,
    /// the headers that the manifest reads, by lower-case name
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// facts of this run
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunFacts>,
}

/// How a caller was established: the identity use (set by the host) and the kind of credential.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct How {
    /// the kind of credential, such as `api-key`
    pub credential: String,
    /// the operator's name for the identity plugin; the host sets it
    #[serde(skip_serializing_if = "String::is_empty")]
    pub plugin: String,
}

/// Answer of driver `http`: `json` when the media type is JSON, `body` for other text, else `body_base64`.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpReply {
    /// the HTTP status; any status is a reply, unless `expect` says otherwise
    pub status: i64,
    /// headers by lower-case name
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// the media type without its parameters
    #[serde(skip_serializing_if = "String::is_empty")]
    pub media: String,
    /// the body, where it is JSON
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// the body, where it is other text: a text, or the `$ref` of a body that stays in the host
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<TextOrBlobRef>,
    /// the body, where it is neither
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
}

/// Driver `http`. Exactly one of `body` (text), `body_base64` and `json` at most. `timeout` in ms.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpRequest {
    /// the HTTP method
    pub method: HttpMethod,
    /// the absolute URL; encode what you put into it
    pub url: String,
    /// headers by name; a value may be a secret by reference
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, TextOrSecret>,
    /// what is sent: a text, or the `$ref` of a body that stays in the host
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<TextOrBlobRef>,
    /// bytes to send
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// a value to send as JSON
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// ms that it may take, connecting included
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
    /// statuses that are replies; any other fails the effect with `unexpected-status`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<i64>,
    /// whether it may be sent again under one idempotency key when its fate is unknown
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
    /// how to read an answer that comes in pieces
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
}

/// Answer of driver `log`: nothing, also for a line that was dropped, so that no answer depends on the log.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogReply {}

/// Driver `log`: one line of the gateway's own log, for its operator; `data` stands in JSON logs only.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogRequest {
    /// how urgent it is
    pub level: LogLevel,
    /// one line; what is not printable is replaced
    pub message: String,
    /// facts beside it, 16 KiB and 16 levels at most
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// Answer of driver `mcp`: the MCP result (or its `$ref` node), or the upstream's JSON-RPC error.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct McpReply {
    /// the MCP result
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Map<String, Value>>,
    /// the upstream's JSON-RPC error
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Map<String, Value>>,
}

/// Driver `mcp`: one MCP request to an upstream by name. `timeout` in ms.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct McpRequest {
    /// the operator's name for the MCP server
    pub upstream: String,
    /// the MCP method
    pub method: String,
    /// its parameters
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
    /// ms that it may take
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
}

/// Answer of driver `notify`: whether it was sent; what comes too fast is dropped.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifyReply {
    /// whether it was sent
    pub sent: bool,
}

/// Driver `notify`: progress or a log message to the client of this very call.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifyRequest {
    /// what is told
    pub kind: NotifyKind,
    /// how far it is; more each time
    pub progress: f64,
    /// where it ends, if that is known
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    /// one line for people
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// how urgent a log message is
    pub level: NotifyLevel,
    /// what a log message says, in place of `message`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// How a call ended: `ok` (the result), `tool-error` (a result with isError), `failed` or `unknown` (no result).
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// how it ended
    pub status: OutcomeStatus,
    /// the MCP result; null if there is none
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Map<String, Value>>,
    /// why there is no result, in one line
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
}

/// The other end of the connection. `local` is true only if the listener is bound to loopback, the Host header names
/// loopback and no forwarding header is present.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Peer {
    /// its IP address
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// whether it is this machine, as far as that can be known
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub local: bool,
    /// its TLS certificates in PEM, its own first
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<String>,
    /// subject names of its certificate that the host verified
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

/// A prompt as MCP's prompts/list shows it.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prompt {
    /// its name
    pub name: String,
    /// what people are shown in place of the name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// what it is for, in words for people and models
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// what it takes, as MCP has it
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Map<String, Value>>,
    /// icons as MCP has them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Map<String, Value>>,
    /// MCP's own extension point, as it came
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// the backend's own name, where it is another
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Members that no schema names; they go out as they came in.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A record of the ledger: `intent` and `outcome` of a call, a `refusal`, or an `event` of the gateway.
///
/// Between intent and outcome there are `asked` and `answered` where a server asks the call's client: `round` counts,
/// `how` is `live`, `sealed` or `impossible`, `resumes` names the call that asked, where the client came back with
/// another. `notices` counts the notifications of a call: `progress`, `messages`, `withheld`.
///
/// `now` is the call's time in ms since 1970. `name` is what the client of the `endpoint` said, `canonical` what
/// policies know it as, if that is another. Refusals of a flood are one record with `counted`, their codes and how many
/// peers there were.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// what is recorded
    pub kind: RecordKind,
    /// whose chain it stands in
    pub tenant: String,
    /// its number in that chain
    pub seq: i64,
    /// the id of the call, for `mcpg explain`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub call: String,
    /// who called
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<RecordedCaller>,
    /// the MCP method
    #[serde(skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// what the client said
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// the endpoint that was asked
    #[serde(skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// the name that policies know, if another
    #[serde(skip_serializing_if = "String::is_empty")]
    pub canonical: String,
    /// the operator's name for the backend
    #[serde(skip_serializing_if = "String::is_empty")]
    pub backend: String,
    /// the backend's own name
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// the revision of MCP that the client speaks
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// digest under the tenant's key (`hmac-sha256:HEX`), or empty
    #[serde(skip_serializing_if = "String::is_empty")]
    pub arguments: String,
    /// digest under the tenant's key (`hmac-sha256:HEX`), or empty
    #[serde(skip_serializing_if = "String::is_empty")]
    pub result: String,
    /// the call's time in ms since 1970
    pub now: i64,
    /// the call's seed
    #[serde(skip_serializing_if = "String::is_empty")]
    pub seed: String,
    /// every run of every stage, in order
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageRun>,
    /// how the call ended, as `status` of an outcome
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// the stage that ended it
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stage: String,
    /// the error's code
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// the error in one line
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// the address of who was refused
    #[serde(skip_serializing_if = "String::is_empty")]
    pub peer: String,
    /// how many refusals this one record stands for
    pub counted: i64,
    /// how many there were of each code
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, i64>,
    /// how many peers there were
    pub peers: i64,
    /// the name of an event of the gateway
    #[serde(skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// how often the call's client had been asked
    pub round: i64,
    /// how the client was asked
    #[serde(skip_serializing_if = "String::is_empty")]
    pub how: String,
    /// what it was asked, or answered
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<AskTold>,
    /// the call that this one goes on with
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resumes: String,
    /// how many notifications there were, by what became of them
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub notices: BTreeMap<String, i64>,
}

/// The caller of a record: no attributes, no credential, only what kind of credential it was.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordedCaller {
    /// his id
    pub id: String,
    /// what kind of caller
    pub kind: String,
    /// how far the id is proven
    pub trust: String,
    /// his groups
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// the identity plugin's name
    #[serde(skip_serializing_if = "String::is_empty")]
    pub identity: String,
    /// the kind of credential
    #[serde(skip_serializing_if = "String::is_empty")]
    pub credential: String,
}

/// Detail of `redact`: JSON pointers into the result, `*` for every member or item.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Redact {
    /// JSON pointers into the result; `*` for every member or item
    pub paths: Vec<String>,
    /// what stands there instead
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
}

/// A resource as MCP's resources/list shows it.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resource {
    /// its URI
    pub uri: String,
    /// its name
    pub name: String,
    /// what people are shown in place of the name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// what it is for, in words for people and models
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// its media type
    #[serde(rename = "mimeType", skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// its size in bytes
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// hints of its server
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
    /// icons as MCP has them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Map<String, Value>>,
    /// MCP's own extension point, as it came
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// the backend's own name, where it is another
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Members that no schema names; they go out as they came in.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A resource template as MCP's resources/templates/list shows it.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResourceTemplate {
    /// the template of its URIs (RFC 6570)
    #[serde(rename = "uriTemplate")]
    pub uri_template: String,
    /// its name
    pub name: String,
    /// what people are shown in place of the name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// what it is for, in words for people and models
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// the media type of what it leads to
    #[serde(rename = "mimeType", skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// hints of its server
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
    /// icons as MCP has them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Map<String, Value>>,
    /// MCP's own extension point, as it came
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// Members that no schema names; they go out as they came in.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What a run may know of the world: its id, its recorded time (ms since 1970) and its seed (hex).
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunFacts {
    /// the id of the run: that of the call, and a number
    pub id: String,
    /// the recorded time of the call in ms since 1970; the only clock there is
    pub now: i64,
    /// hexadecimal digits that differ from run to run; the only randomness there is, and no secret
    pub seed: String,
}

/// Secret by reference (`secret://env/NAME`, `secret://file/NAME`, `cred://issuer/target`), put in by the driver.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Secret {
    /// the reference
    #[serde(rename = "$secret")]
    pub reference: String,
    /// what is put before the secret, such as `Bearer `
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// what is put after it
    #[serde(skip_serializing_if = "String::is_empty")]
    pub suffix: String,
}

/// Answer of driver `sign`: the signature in the encoding that was asked for; `base64url` has no padding.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignReply {
    /// the signature
    pub signature: String,
}

/// Driver `sign`: an HMAC over `text` or `text_base64` (exactly one) under a key that the plugin never sees.
///
/// `derive` makes a key of the key first, once for each text: `key = HMAC(key, text)`, as AWS Signature 4 does.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignRequest {
    /// the HMAC and its hash
    pub algorithm: SignAlgorithm,
    /// the key, by a reference that the grant's `keys` lists
    pub key: Secret,
    /// texts that a key is derived by, one after the other; as many as are granted
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub derive: Vec<String>,
    /// the text to sign
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// bytes to sign
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_base64: Option<String>,
    /// how the signature is written
    pub encoding: SignEncoding,
}

/// Answer of driver `sql`: rows as objects, one object or null, a scalar, a count, or `results` of a transaction.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SqlReply {
    /// mode `rows`: the rows, as objects
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Map<String, Value>>,
    /// mode `one`: the row; null if there is none
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<Map<String, Value>>,
    /// mode `scalar`: the first value of the first row
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scalar: Option<Value>,
    /// mode `count`: how many rows were changed
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// whether there were more rows than `limit` or the grant allows
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// of a transaction: what each step gave, in order
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<Value>,
}

/// Driver `sql`: one statement, or `transaction` steps that all happen or none. `limit` in rows, `timeout` in ms.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SqlRequest {
    /// the operator's name for the database
    pub connection: String,
    /// one statement with named parameters (`:name`)
    #[serde(skip_serializing_if = "String::is_empty")]
    pub statement: String,
    /// values by name; never put them into the statement
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// what is wanted back
    pub mode: SqlMode,
    /// rows at most
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// ms that it may run
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
    /// steps in place of `statement`, done all or not at all
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transaction: Vec<SqlStep>,
}

/// One statement of a transaction; named parameters (`:name`) only, never text of the statement.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SqlStep {
    /// one statement with named parameters (`:name`)
    pub statement: String,
    /// values by name
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// what is wanted back
    pub mode: SqlMode,
}

/// One run of a stage: which component under which configuration said what. `us` is microseconds.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StageRun {
    /// the stage
    pub stage: String,
    /// the operator's name for the plugin
    #[serde(rename = "use")]
    pub use_: String,
    /// what it said
    pub verdict: String,
    /// what it was asked
    #[serde(skip_serializing_if = "String::is_empty")]
    pub function: String,
    /// the digest of the component
    #[serde(skip_serializing_if = "String::is_empty")]
    pub component: String,
    /// the digest of its configuration
    #[serde(skip_serializing_if = "String::is_empty")]
    pub config: String,
    /// digest under the tenant's key (`hmac-sha256:HEX`), or empty
    #[serde(skip_serializing_if = "String::is_empty")]
    pub input: String,
    /// how long it took, in microseconds
    pub us: i64,
    /// the code of a denial or failure
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// the same in one line
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// digest under the tenant's key (`hmac-sha256:HEX`), or empty
    #[serde(skip_serializing_if = "String::is_empty")]
    pub answer: String,
    /// the drivers that it asked, in order
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<String>,
    /// digest under the tenant's key (`hmac-sha256:HEX`), or empty
    #[serde(skip_serializing_if = "String::is_empty")]
    pub replies: String,
    /// whether the verdict was remembered from before
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub memo: bool,
    /// whether the verdict did not count
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// whether it failed and was passed over
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skipped: bool,
}

/// How to read a streamed answer: `sse` events or JSON `lines`, with pointers to progress in each of them.
///
/// `progress`, `total` and `message` are JSON pointers into an event's data; what they find is sent to the client as
/// progress. `last` keeps only the last event's data, else the reply's json is the list of all.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stream {
    /// how the pieces are told apart
    pub format: StreamFormat,
    /// JSON pointer to how far it is, in each piece
    #[serde(skip_serializing_if = "String::is_empty")]
    pub progress: String,
    /// JSON pointer to where it ends
    #[serde(skip_serializing_if = "String::is_empty")]
    pub total: String,
    /// JSON pointer to a line for people
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// whether only the last piece is kept
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub last: bool,
}

/// A tool as MCP's tools/list shows it; `target` is the backend's own name where it differs.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tool {
    /// its name
    pub name: String,
    /// JSON Schema of its arguments
    #[serde(rename = "inputSchema", skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Map<String, Value>>,
    /// what people are shown in place of the name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// what it is for, in words for people and models
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of its structured content
    #[serde(rename = "outputSchema", skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Map<String, Value>>,
    /// hints such as `readOnlyHint`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
    /// icons as MCP has them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Map<String, Value>>,
    /// how it may be run, as MCP has it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<Map<String, Value>>,
    /// MCP's own extension point, as it came
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// the backend's own name, where it is another
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Members that no schema names; they go out as they came in.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl DriverRequest for CommandRequest {
    const DRIVER: &'static str = "command";
    type Reply = CommandReply;
}

impl DriverRequest for HttpRequest {
    const DRIVER: &'static str = "http";
    type Reply = HttpReply;
}

impl DriverRequest for LogRequest {
    const DRIVER: &'static str = "log";
    type Reply = LogReply;
}

impl DriverRequest for McpRequest {
    const DRIVER: &'static str = "mcp";
    type Reply = McpReply;
}

impl DriverRequest for NotifyRequest {
    const DRIVER: &'static str = "notify";
    type Reply = NotifyReply;
}

impl DriverRequest for SignRequest {
    const DRIVER: &'static str = "sign";
    type Reply = SignReply;
}

impl DriverRequest for SqlRequest {
    const DRIVER: &'static str = "sql";
    type Reply = SqlReply;
}
