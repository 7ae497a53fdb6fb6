//! Writes MCPG plugins in Rust as straight-line code. It does no I/O and gives none: a plugin can only ask.
//!
//! A plugin implements [`Plugin`] and the trait of its kind, and names itself once with the macro of its kind:
//!
//! ```ignore
//! struct Hello { url: String }
//! impl Plugin for Hello {
//!     fn new(config: Value) -> Result<Self, Problem> { Ok(Hello { url: text(&config, "/url")?.into() }) }
//! }
//! impl Backend for Hello {
//!     fn call(&self, run: &mut Run, _caller: Doc, call: Doc) -> Result<Progress, Stop> {
//!         let one = run.http(json!({"url": self.url}))?;                  // a failed reply ends the run: `?`
//!         let [a, b] = run.all([http(json!({"url": ..})), http(json!({"url": ..}))])?;   // both at once
//!         Ok(Progress::done(json!({"content": [{"type": "text", "text": format!("{one} {a:?} {b:?}")}]})))
//!     }
//! }
//! mcpg_sdk::backend!(Hello);
//! ```
//!
//! The code runs from its start for every pass of a run, so it must be a function of its inputs and replies alone.

#[doc(hidden)]
pub mod abi;
#[doc(hidden)]
pub mod adapters;
mod document;
#[rustfmt::skip]
#[allow(missing_docs)]
pub mod documents;
mod export;
mod glob;
mod kinds;
mod manifest;
mod results;
mod run;
pub mod template;
mod types;

pub use document::{Doc, Json, problem, read_config, text};
pub use documents::LogLevel;
pub use glob::{glob, matches_any};
#[doc(hidden)]
pub use kinds::Held;
pub use kinds::{
    Backend, Catalog, Change, Credential, Delivery, Finding, Identity, Issue, Limit, Plan, Plugin, Policy, Progress,
    Sink, Transform, Verdict,
};
#[doc(hidden)]
pub use manifest::{compact, compact_length};
pub use results::{document_result, error_result, json_result, text_result};
pub use run::{End, Run, Stop, command, drive, effect, http, mcp, notify, secret, sign, sql};
pub use serde_json::value::RawValue;
pub use serde_json::{Map, Value, from_value, json};
pub use types::{Charge, Effect, Obligation, Problem, Reply};
