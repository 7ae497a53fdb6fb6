//! Offers one tool, `greet`, and asks a service over HTTP what to say.

use mcpg_sdk::documents::{Call, HttpRequest};
use mcpg_sdk::template::percent;
use mcpg_sdk::{
    Backend, Doc, Json, LogLevel, Plugin, Problem, Progress, Run, Stop, Value, error_result, json,
    read_config, text_result,
};
use serde::Deserialize;

mcpg_sdk::manifest!({{manifest}});

#[derive(Deserialize)]
struct {{ident}} {
    base_url: String,
}

impl Plugin for {{ident}} {
    fn new(config: Value) -> Result<Self, Problem> {
        read_config(config)
    }
}

impl Backend for {{ident}} {
    /// What this backend offers.
    fn describe(&self, _run: &mut Run) -> Result<Json, Stop> {
        let name = json!({"type": "string", "description": "Who is greeted."});
        let input = json!({"type": "object", "properties": {"name": name}, "required": ["name"]});
        Ok(json!({"tools": [{"name": "greet", "description": "Greets somebody.", "inputSchema": input}]}).into())
    }

    /// Fulfils one call. The code runs from its start for each round of replies: `?` leaves it while one is missing.
    fn call(&self, run: &mut Run, _caller: Doc, call: Doc) -> Result<Progress, Stop> {
        let call: Call = call.read()?;
        let name = call
            .arguments
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let url = format!("{}/greetings/{}", self.base_url, percent(name));
        let reply = run.send(&HttpRequest {
            url,
            ..HttpRequest::default()
        })?;
        let said = reply.json.unwrap_or_default();
        match (reply.status, said["greeting"].as_str()) {
            (200, Some(greeting)) => {
                run.log(LogLevel::Info, "greeted");
                Ok(Progress::done(text_result(greeting)))
            }
            (404, _) => Ok(Progress::done(error_result(&format!(
                "nobody is called {name}"
            )))),
            (status, _) => Err(Stop::failed(
                "greeter-failed",
                format!("the service answered with HTTP {status}"),
            )),
        }
    }
}

mcpg_sdk::backend!({{ident}});

#[cfg(test)]
mod tests {
    use super::*;
    use mcpg_sdk::{End, drive};

    #[test]
    fn a_name_cannot_leave_its_place_in_the_path() {
        let plugin = {{ident}}::new(json!({"base_url": "https://greetings.test"})).unwrap();
        let call = json!({"name": "greet", "arguments": {"name": "a/../b"}}).to_string();
        let End::Perform(effects) = drive(vec![], |run| plugin.call(run, Doc("{}"), Doc(&call)))
        else {
            panic!()
        };
        assert!(
            effects[0]
                .request
                .contains("https://greetings.test/greetings/a%2F..%2Fb")
        );
    }
}
