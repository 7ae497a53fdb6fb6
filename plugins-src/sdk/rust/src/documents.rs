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
    pub method: String,
    pub kind: ActionKind,
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub backend: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub upstream: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub annotations: Map<String, Value>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub session: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub era: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunFacts>,
}

/// Detail of `annotate`: names and texts that the client is shown beside the result.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Annotate {
    pub notes: BTreeMap<String, String>,
}

/// Input that only the MCP client can give: requests by key, as MCP's `inputRequests` has them.
///
/// The reply holds the results by key, as `inputResponses` has them. What policy refuses is a declined form; any other
/// request that is refused, or answered with an error, ends the run.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ask {
    pub requests: BTreeMap<String, Map<String, Value>>,
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
    pub key: String,
    pub method: String,
    pub verdict: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// A body that stays in the host; a plugin may return it where the body should stand.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlobRef {
    #[serde(rename = "$ref")]
    pub reference: String,
    pub size: i64,
    pub sha256: String,
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
    pub method: String,
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub arguments: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub binding: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunFacts>,
}

/// Who is calling. Never holds a credential. Source: schema `caller`.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Caller {
    pub id: String,
    pub kind: CallerKind,
    pub how: How,
    pub trust: CallerTrust,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub issuer: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tenant: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

/// What a backend offers, or what a caller is shown.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Catalog {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<Prompt>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<ResourceTemplate>,
}

/// Answer of driver `command`: `status` is the exit status, negative for a signal.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandReply {
    pub status: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<TextOrBlobRef>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// Driver `command`: `argv[0]` is a path that the grant names. No shell. `timeout` in ms.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandRequest {
    pub argv: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdin: Option<TextOrBlobRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
}

/// A credential for the host's vault: the value never reaches a plugin other than its issuer. `expires` is ms since
/// 1970, 0 for none.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Credential {
    pub value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    pub expires: i64,
}

/// What an identity plugin judges: only headers that its manifest reads, by lower-case name.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Credentials {
    pub transport: CredentialsTransport,
    pub peer: Peer,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunFacts>,
}

/// How a caller was established: the identity use (set by the host) and the kind of credential.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct How {
    pub credential: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub plugin: String,
}

/// Answer of driver `http`: `json` when the media type is JSON, `body` for other text, else `body_base64`.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpReply {
    pub status: i64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub media: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<TextOrBlobRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
}

/// Driver `http`. Exactly one of `body` (text), `body_base64` and `json` at most. `timeout` in ms.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpRequest {
    pub method: HttpMethod,
    pub url: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, TextOrSecret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<TextOrBlobRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
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
    pub level: LogLevel,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// Answer of driver `mcp`: the MCP result (or its `$ref` node), or the upstream's JSON-RPC error.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct McpReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Map<String, Value>>,
}

/// Driver `mcp`: one MCP request to an upstream by name. `timeout` in ms.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct McpRequest {
    pub upstream: String,
    pub method: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
}

/// Answer of driver `notify`: whether it was sent; what comes too fast is dropped.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifyReply {
    pub sent: bool,
}

/// Driver `notify`: progress or a log message to the client of this very call.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifyRequest {
    pub kind: NotifyKind,
    pub progress: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    pub level: NotifyLevel,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// How a call ended: `ok` (the result), `tool-error` (a result with isError), `failed` or `unknown` (no result).
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    pub status: OutcomeStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
}

/// The other end of the connection. `local` is true only if the listener is bound to loopback, the Host header names
/// loopback and no forwarding header is present.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Peer {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub local: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

/// A prompt as MCP's prompts/list shows it.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prompt {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Map<String, Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Map<String, Value>>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
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
    pub kind: RecordKind,
    pub tenant: String,
    pub seq: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub call: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<RecordedCaller>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub method: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub canonical: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub backend: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub arguments: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub result: String,
    pub now: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub seed: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageRun>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stage: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub peer: String,
    pub counted: i64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, i64>,
    pub peers: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub event: String,
    pub round: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub how: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<AskTold>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resumes: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub notices: BTreeMap<String, i64>,
}

/// The caller of a record: no attributes, no credential, only what kind of credential it was.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordedCaller {
    pub id: String,
    pub kind: String,
    pub trust: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub identity: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub credential: String,
}

/// Detail of `redact`: JSON pointers into the result, `*` for every member or item.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Redact {
    pub paths: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
}

/// A resource as MCP's resources/list shows it.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resource {
    pub uri: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "mimeType", skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Map<String, Value>>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
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
    #[serde(rename = "uriTemplate")]
    pub uri_template: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "mimeType", skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Map<String, Value>>,
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
    pub id: String,
    pub now: i64,
    pub seed: String,
}

/// Secret by reference (`secret://env/NAME`, `secret://file/NAME`, `cred://issuer/target`), put in by the driver.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Secret {
    #[serde(rename = "$secret")]
    pub reference: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub suffix: String,
}

/// Answer of driver `sign`: the signature in the encoding that was asked for; `base64url` has no padding.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignReply {
    pub signature: String,
}

/// Driver `sign`: an HMAC over `text` or `text_base64` (exactly one) under a key that the plugin never sees.
///
/// `derive` makes a key of the key first, once for each text: `key = HMAC(key, text)`, as AWS Signature 4 does.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignRequest {
    pub algorithm: SignAlgorithm,
    pub key: Secret,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub derive: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_base64: Option<String>,
    pub encoding: SignEncoding,
}

/// Answer of driver `sql`: rows as objects, one object or null, a scalar, a count, or `results` of a transaction.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SqlReply {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scalar: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<Value>,
}

/// Driver `sql`: one statement, or `transaction` steps that all happen or none. `limit` in rows, `timeout` in ms.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SqlRequest {
    pub connection: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub statement: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    pub mode: SqlMode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transaction: Vec<SqlStep>,
}

/// One statement of a transaction; named parameters (`:name`) only, never text of the statement.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SqlStep {
    pub statement: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    pub mode: SqlMode,
}

/// One run of a stage: which component under which configuration said what. `us` is microseconds.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StageRun {
    pub stage: String,
    #[serde(rename = "use")]
    pub use_: String,
    pub verdict: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub function: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub component: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub config: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub input: String,
    pub us: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub answer: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub replies: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub memo: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
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
    pub format: StreamFormat,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub progress: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub total: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub last: bool,
}

/// A tool as MCP's tools/list shows it; `target` is the backend's own name where it differs.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tool {
    pub name: String,
    #[serde(rename = "inputSchema", skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "outputSchema", skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<Map<String, Value>>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
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
