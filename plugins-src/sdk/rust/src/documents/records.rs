//! What the ledger keeps, as sinks are given it.
//!
//! Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
