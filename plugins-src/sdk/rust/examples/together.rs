//! A backend that asks for two things at once, catches a reply that failed, logs, and tells the client how far it is.

use mcpg_sdk::documents::Call;
use mcpg_sdk::template::percent;
use mcpg_sdk::{
    Backend, Doc, Json, LogLevel, Plugin, Problem, Progress, Run, Stop, Value, http, json, json_result, text,
};

mcpg_sdk::manifest!({
  "schema": 1, "id": "examples/together", "version": "1.0.0", "kind": "backend",
  "world": "mcpg:plugin/backend-plugin@1.0.0", "licence": "Apache-2.0",
  "summary": "Tells of a city what two services know.",
  "config": {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}}},
  "reads": ["/call/arguments"],
  "effects": [
    {"driver": "http", "why": "ask for the weather and for events"},
    {"driver": "notify", "why": "tell how far the call is"},
    {"driver": "log", "why": "tell what could not be had"}
  ]
});

struct Together {
    url: String,
}

impl Plugin for Together {
    fn new(config: Value) -> Result<Self, Problem> {
        Ok(Together { url: text(&config, "/url")?.into() })
    }
}

impl Backend for Together {
    fn describe(&self, _run: &mut Run) -> Result<Json, Stop> {
        let input = json!({"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}});
        Ok(json!({"tools": [{"name": "city", "inputSchema": input}]}).into())
    }

    fn call(&self, run: &mut Run, _caller: Doc, call: Doc) -> Result<Progress, Stop> {
        let call: Call = call.read()?;
        let city = percent(call.arguments.get("city").and_then(Value::as_str).unwrap_or_default());
        let page = |what: &str| http(json!({"url": format!("{}/{what}/{city}", self.url), "expect": [200]}));
        let [weather, events] = run.all([page("weather"), page("events")])?;
        run.progress(1.0, Some(1.0), "both services have answered")?;
        let events = match events {
            Ok(reply) => reply["json"].clone(),
            Err(problem) => {
                run.log(LogLevel::Warning, format!("no events: {}", problem.code));
                json!([])
            }
        };
        Ok(Progress::done(json_result(&json!({"weather": weather?["json"], "events": events}))))
    }
}

mcpg_sdk::backend!(Together);

/// An example is a program to cargo; a plugin of your own is a library and has none.
fn main() {}
