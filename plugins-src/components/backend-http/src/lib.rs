//! Calls an HTTP API: arguments fill a request, the reply becomes a result. Retries and secrets are the host's.

mod reply;
mod request;

use mcpg_sdk::template::lookup;
use mcpg_sdk::{Backend, Doc, Map, Plugin, Problem, Progress, Run, Stop, Value, http, problem, text};
use serde::Deserialize;

struct Http {
    base_url: String,
    headers: Map<String, Value>,
}

#[derive(Deserialize)]
struct Call {
    name: String,
    #[serde(default)]
    arguments: Value,
    binding: Binding,
}

#[derive(Deserialize)]
struct Binding {
    request: request::Written,
    #[serde(default)]
    result: reply::Shape,
}

impl Plugin for Http {
    fn new(config: Value) -> Result<Self, Problem> {
        let base_url = text(&config, "/base_url")?.trim_end_matches('/').to_owned();
        let web = base_url.starts_with("https://") || base_url.starts_with("http://");
        if !web || base_url.contains(['?', '#']) {
            return Err(problem("bad-config", "`/base_url` is no http or https URL without query and fragment"));
        }
        let headers = lookup(&config, "headers").and_then(Value::as_object).cloned().unwrap_or_default();
        Ok(Http { base_url, headers })
    }
}

impl Backend for Http {
    fn call(&self, run: &mut Run, _caller: Doc, call: Doc) -> Result<Progress, Stop> {
        let Call { name, arguments, binding } = call.read()?;
        let request = binding.request.fill(&self.base_url, &self.headers, &arguments)?;
        let reply = run.ask_text(http(request))?;
        Ok(Progress::Done(reply::result(&reply, &binding.result, &name)?))
    }
}

mcpg_sdk::backend!(Http);

#[cfg(test)]
mod tests;
