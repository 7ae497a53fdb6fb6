//! The requests and the replies of drivers.
//!
//! Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::runs::{Secret, TextOrBlobRef, TextOrSecret};

/// A request to a driver: its name, and the reply that it answers with.
pub trait DriverRequest: Serialize {
    const DRIVER: &'static str;
    type Reply: DeserializeOwned;
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
