//! Offers what an upstream MCP server offers, under a prefix, and passes calls on. Results pass through unchanged.
//!
//! It opens no session and keeps none: driver `mcp` does.

mod calls;
mod lists;

use mcpg_sdk::{Backend, Doc, Effect, Json, Plugin, Problem, Progress, Run, Stop, Value, matches_any, read_config};
use serde::Deserialize;

#[derive(Deserialize)]
struct Mcp {
    upstream: String,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
    timeout: Option<u32>,
}

impl Plugin for Mcp {
    fn new(config: Value) -> Result<Self, Problem> {
        read_config(config)
    }
}

impl Backend for Mcp {
    fn describe(&self, run: &mut Run) -> Result<Json, Stop> {
        let catalog = lists::fetch(run, |method, params| self.effect(method, params))?;
        Ok(lists::shown(catalog, self).into())
    }

    fn call(&self, run: &mut Run, _caller: Doc, call: Doc) -> Result<Progress, Stop> {
        let (method, params) = calls::request(call)?;
        let reply = run.ask_text(self.effect(&method, params))?;
        Ok(Progress::Done(calls::result(&reply)?))
    }
}

impl Mcp {
    fn effect<P: serde::Serialize>(&self, method: &str, params: P) -> Effect {
        let request = calls::Request { upstream: &self.upstream, method, params, timeout: self.timeout };
        Effect { driver: "mcp".into(), request: serde_json::to_string(&request).unwrap_or_default() }
    }

    /// Whether the operator wants something that the upstream calls by one of these names.
    fn takes(&self, names: &[&str]) -> bool {
        let among = |patterns: &[String]| names.iter().any(|name| matches_any(patterns, name));
        (self.include.is_empty() || among(&self.include)) && !among(&self.exclude)
    }

    fn prefixed(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}

mcpg_sdk::backend!(Mcp);

#[cfg(test)]
mod tests;
