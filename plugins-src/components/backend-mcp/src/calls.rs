//! Calls on their way to the upstream and results on their way back. Arguments and results stay the text that they were.

use mcpg_sdk::{Doc, Json, Problem, RawValue, Value, json, problem};
use serde::{Deserialize, Serialize};

const LONGEST_MESSAGE: usize = 1000;

/// A request of driver `mcp`.
#[derive(Serialize)]
pub struct Request<'a, P> {
    pub upstream: &'a str,
    pub method: &'a str,
    pub params: P,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
}

/// The parameters of a call.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Params {
    Named { name: String, arguments: Box<RawValue> },
    Resource { uri: String },
    Completion(Completion),
}

/// The arguments of a call of `completion/complete`: MCP's parameters, whose `ref` does not name what is called.
#[derive(Serialize, Deserialize)]
pub struct Completion {
    #[serde(rename = "ref")]
    reference: Reference,
    argument: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
enum Reference {
    #[serde(rename = "ref/prompt")]
    Prompt {
        #[serde(default)]
        name: String,
    },
    #[serde(rename = "ref/resource")]
    Resource {
        #[serde(default)]
        uri: String,
    },
}

impl Reference {
    fn name(&mut self, target: String) {
        match self {
            Reference::Prompt { name } => *name = target,
            Reference::Resource { uri } => *uri = target,
        }
    }
}

#[derive(Deserialize)]
struct Call {
    method: String,
    name: String,
    #[serde(default)]
    target: String,
    arguments: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Reply {
    result: Option<Box<RawValue>>,
    error: Option<Value>,
}

/// Returns method and parameters for the upstream; fails with `unsupported-method`.
pub fn request(call: Doc) -> Result<(String, Params), Problem> {
    let Call { method, name, target, arguments } = call.read()?;
    let target = if target.is_empty() { name } else { target };
    let params = match method.as_str() {
        "tools/call" | "prompts/get" => {
            let none = || RawValue::from_string("{}".into()).map_err(|e| problem("plugin-error", e));
            Params::Named { name: target, arguments: arguments.map_or_else(none, Ok)? }
        }
        "resources/read" => Params::Resource { uri: target },
        "completion/complete" => {
            let text = arguments.as_deref().map_or("{}", RawValue::get);
            let mut completion: Completion = Doc(text).read().map_err(|e| problem("bad-arguments", e.message))?;
            completion.reference.name(target);
            Params::Completion(completion)
        }
        _ => return Err(problem("unsupported-method", format!("`{method}` cannot be passed on to an upstream"))),
    };
    Ok((method, params))
}

/// Returns the upstream's result; its error fails with code and text in the message.
///
/// The problem is `mcp-invalid-params` for -32602, `mcp-not-found` for -32002 (a resource, until 2025-11-25),
/// `mcp-unknown-method` for -32601, `mcp-missing-capability` for -32021 (of the client), else `mcp-error`.
pub fn result(reply: &str) -> Result<Json, Problem> {
    let reply: Reply = Doc(reply).read().map_err(|e| problem("bad-reply", e.message))?;
    match reply {
        Reply { error: Some(error), .. } => Err(problem(kind(&error), told(&error))),
        Reply { result: Some(result), .. } => Ok(result.into()),
        _ => Err(problem("bad-reply", "the upstream answered with neither result nor error")),
    }
}

fn kind(error: &Value) -> &'static str {
    match error["code"].as_i64() {
        Some(-32602) => "mcp-invalid-params",
        Some(-32002) => "mcp-not-found",
        Some(-32601) => "mcp-unknown-method",
        Some(-32021) => "mcp-missing-capability",
        _ => "mcp-error",
    }
}

/// Returns one line with the code and the text of an upstream's error.
pub fn told(error: &Value) -> String {
    let text = error["message"].as_str().unwrap_or("no message");
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_MESSAGE).collect();
    match error.get("code").unwrap_or(&json!(null)).as_i64() {
        Some(code) => format!("{code}: {line}"),
        None => line,
    }
}
