//! Answers with what the operator wrote: a text, a result, an error, or the call itself. It asks for nothing.

use mcpg_sdk::{Backend, Doc, Json, Plugin, Problem, Progress, Run, Stop, Value, json, problem};

struct Mock {
    catalog: Json,
    answers: Value,
}

impl Plugin for Mock {
    fn new(config: Value) -> Result<Self, Problem> {
        let tools = config.get("tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut shown = Vec::new();
        let mut answers = json!({});
        for tool in tools {
            let name = tool["name"].as_str().ok_or_else(|| problem("bad-config", "a tool has no `name`"))?;
            let mut tool = tool.clone();
            answers[name] = tool.as_object_mut().and_then(|t| t.shift_remove("mock")).unwrap_or_default();
            shown.push(tool);
        }
        Ok(Mock { catalog: json!({"tools": shown}).into(), answers })
    }
}

impl Backend for Mock {
    fn describe(&self, _: &mut Run) -> Result<Json, Stop> {
        Ok(self.catalog.clone())
    }

    fn call(&self, _: &mut Run, _caller: Doc, call: Doc) -> Result<Progress, Stop> {
        let call = call.value()?;
        let called = [&call["target"], &call["name"]].into_iter().find_map(|n| n.as_str().filter(|n| !n.is_empty()));
        let mock = match &call["binding"]["mock"] {
            Value::Null => &self.answers[called.unwrap_or_default()],
            bound => bound,
        };
        Ok(Progress::done(answer(mock, &call)?))
    }
}

/// Returns the result that `mock` stands for; `echo` where it says nothing.
fn answer(mock: &Value, call: &Value) -> Result<Value, Problem> {
    if let Some(result) = mock.get("result") {
        return Ok(result.clone());
    }
    if let Some(text) = mock.get("text").and_then(Value::as_str) {
        return Ok(text_result(text, false));
    }
    match mock.get("error") {
        Some(Value::String(text)) => Ok(text_result(text, true)),
        Some(error) => {
            let part = |name: &str| error[name].as_str().unwrap_or("mock-error").to_owned();
            Err(problem(&part("code"), part("message")))
        }
        None => {
            let echo = json!({"name": call["name"], "arguments": call["arguments"]});
            Ok(json!({"content": [{"type": "text", "text": echo.to_string()}], "structuredContent": echo}))
        }
    }
}

fn text_result(text: &str, is_error: bool) -> Value {
    json!({"content": [{"type": "text", "text": text}], "isError": is_error})
}

mcpg_sdk::backend!(Mock);

#[cfg(test)]
mod tests {
    use super::*;

    fn call(config: Value, call: Value) -> Result<Value, Problem> {
        let mock = Mock::new(config).unwrap();
        match mock.call(&mut Run::new(vec![]), Doc("{}"), Doc(&call.to_string())) {
            Ok(Progress::Done(result)) => Ok(serde_json_value(&result.0)),
            Err(Stop::Failed(problem)) => Err(problem),
            other => panic!("{other:?}"),
        }
    }

    fn serde_json_value(text: &str) -> Value {
        Doc(text).value().unwrap()
    }

    #[test]
    fn a_binding_wins_over_the_configured_tool() {
        let config = json!({"tools": [{"name": "t", "mock": {"text": "configured"}}]});
        let bound = call(config.clone(), json!({"name": "x", "target": "t", "binding": {"mock": {"text": "bound"}}}));
        assert_eq!(bound.unwrap()["content"][0]["text"], "bound");
        let configured = call(config, json!({"name": "x", "target": "t", "binding": {}}));
        assert_eq!(configured.unwrap()["content"][0]["text"], "configured");
    }

    #[test]
    fn errors_are_results_or_failures() {
        let told = call(json!({}), json!({"binding": {"mock": {"error": "no"}}})).unwrap();
        assert_eq!(told["isError"], true);
        let failed = call(json!({}), json!({"binding": {"mock": {"error": {"code": "down", "message": "gone"}}}}));
        assert_eq!(failed.unwrap_err().code, "down");
    }

    #[test]
    fn nothing_said_echoes() {
        let echo = call(json!({}), json!({"name": "x", "arguments": {"a": 1}})).unwrap();
        assert_eq!(echo["structuredContent"]["arguments"], json!({"a": 1}));
    }
}
