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

mod adapters;
pub mod bindings;
mod document;
mod export;
mod glob;
mod kinds;
mod results;
mod run;
pub mod template;

pub use bindings::types::{Effect, Problem, Reply};
pub use document::{Doc, Json, problem, read_config, text};
pub use glob::{glob, matches_any};
#[doc(hidden)]
pub use kinds::{Adapter, Held};
pub use kinds::{
    Backend, Catalog, Change, Charge, Credential, Delivery, Finding, Identity, Issue, Limit, Obligation, Plan, Plugin,
    Policy, Progress, Sink, Transform, Verdict,
};
pub use results::{document_result, error_result, text_result};
pub use run::{End, Run, Stop, command, drive, effect, http, mcp, notify, sql};
pub use serde_json::value::RawValue;
pub use serde_json::{Map, Value, json};
