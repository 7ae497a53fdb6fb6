//! What plugins are asked with, what they answer, and the secrets and blobs that documents point to.
//!
//! Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::protocol::{Prompt, Resource, ResourceTemplate, Tool};

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
