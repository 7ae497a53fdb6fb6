//! Runs a program with an argument vector. There is no shell; an argument fills one element and never becomes an option.

mod argv;

use mcpg_sdk::template::{Piece, lookup, missing, pieces, scalar};
use mcpg_sdk::{
    Backend, Doc, Json, Plugin, Problem, Progress, RawValue, Run, Stop, Value, command, document_result, error_result,
    json, problem, text_result,
};
use serde::Deserialize;

struct Command {
    timeout: Option<u64>,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    arguments: Value,
    binding: Binding,
}

#[derive(Deserialize)]
struct Binding {
    command: Written,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    argv: Vec<argv::Element>,
    stdin: Option<String>,
    #[serde(default = "success")]
    ok: Vec<i64>,
    #[serde(default)]
    allow_options: bool,
    #[serde(default)]
    output: Output,
    timeout: Option<u64>,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Output {
    #[default]
    Text,
    Json,
}

#[derive(Deserialize)]
struct Reply {
    status: i64,
    #[serde(default = "nothing")]
    stdout: Value,
    #[serde(default)]
    stderr: String,
    #[serde(default)]
    truncated: bool,
}

/// What a program wrote that wrote nothing: the host leaves empty texts out of its reply.
fn nothing() -> Value {
    "".into()
}

fn success() -> Vec<i64> {
    vec![0]
}

impl Plugin for Command {
    fn new(config: Value) -> Result<Self, Problem> {
        Ok(Command { timeout: config["timeout"].as_u64() })
    }
}

impl Backend for Command {
    fn call(&self, run: &mut Run, _caller: Doc, call: Doc) -> Result<Progress, Stop> {
        let Call { arguments, binding: Binding { command: written } } = call.read()?;
        let argv = argv::fill_vector(&written.argv, &arguments, written.allow_options)?;
        let mut request = json!({"argv": argv});
        if let Some(stdin) = &written.stdin {
            request["stdin"] = input(stdin, &arguments)?.into();
        }
        if let Some(timeout) = written.timeout.or(self.timeout) {
            request["timeout"] = timeout.into();
        }
        let reply = run.ask_text(command(request))?;
        let reply: Reply = Doc(&reply).read().map_err(|e| problem("bad-reply", e.message))?;
        Ok(Progress::Done(result(reply, &written)?))
    }
}

/// Nothing says how to encode a value inside a free text, so the input is either fixed or one whole argument.
fn input(template: &str, arguments: &Value) -> Result<String, Problem> {
    match pieces(template)?.as_slice() {
        [Piece::Text(text)] => Ok((*text).to_owned()),
        [Piece::Name(name)] => match lookup(arguments, name) {
            Some(value) if value.is_array() || value.is_object() => Ok(value.to_string()),
            Some(value) => scalar(name, value),
            None => Err(missing(name)),
        },
        _ => Err(problem("bad-binding", "`stdin` mixes text and arguments: give a fixed text or one whole argument")),
    }
}

fn result(reply: Reply, written: &Written) -> Result<Json, Problem> {
    if !written.ok.contains(&reply.status) {
        let said: String = reply.stderr.trim_end().chars().take(4000).collect();
        let ended =
            if reply.status < 0 { format!("signal {}", -reply.status) } else { format!("status {}", reply.status) };
        return Ok(error_result(format!("the program ended with {ended}: {said}").trim_end_matches([':', ' '])));
    }
    if reply.truncated {
        return Ok(error_result("the program's output was too long and is not shown"));
    }
    match reply.stdout {
        Value::String(text) if written.output == Output::Json => {
            let document = RawValue::from_string(text.trim().to_owned());
            document
                .map(|document| document_result(&document))
                .map_err(|_| problem("unexpected-reply", "the output is no JSON"))
        }
        output => Ok(text_result(output)),
    }
}

mcpg_sdk::backend!(Command);

#[cfg(test)]
mod tests;
