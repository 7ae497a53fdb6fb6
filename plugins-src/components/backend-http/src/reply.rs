//! From a reply to an MCP result: JSON as structured content, text as text, pictures and sounds as what they are.

use mcpg_sdk::template::{fill, percent};
use mcpg_sdk::{Doc, Json, Problem, RawValue, Value, document_result, error_result, json, problem, text_result};
use serde::Deserialize;

/// What the operator wants of a reply.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// A JSON pointer to the part that is the result.
    pointer: Option<String>,
    /// A template of text over that part.
    text: Option<String>,
}

#[derive(Deserialize)]
struct Reply {
    status: u16,
    #[serde(default)]
    media: String,
    json: Option<Box<RawValue>>,
    body: Option<Value>,
    body_base64: Option<Value>,
}

/// Returns the result of tool `name`; fails with `unexpected-reply` when the reply has not the shape that is wanted.
pub fn result(reply: &str, shape: &Shape, name: &str) -> Result<Json, Problem> {
    let reply = read(reply)?;
    if reply.status >= 400 {
        return Ok(failure(&reply));
    }
    if shape.pointer.is_some() || shape.text.is_some() {
        return shaped(&reply, shape);
    }
    if let Some(document) = &reply.json {
        return Ok(document_result(document));
    }
    match (reply.body_base64, reply.body) {
        (Some(body), _) => Ok(json!({"content": [binary(&reply.media, body, name)]}).into()),
        // A large body stays in the host, which puts it back as text, or as base64 where it is none.
        (None, Some(body)) if body.is_object() && !is_text(&reply.media) => {
            Ok(json!({"content": [binary(&reply.media, body, name)]}).into())
        }
        (None, body) => Ok(text_result(body.unwrap_or_else(|| "".into()))),
    }
}

fn read(text: &str) -> Result<Reply, Problem> {
    Doc(text).read().map_err(|e| problem("bad-reply", e.message))
}

fn failure(reply: &Reply) -> Json {
    let said = match (&reply.json, &reply.body) {
        (Some(document), _) => document.get(),
        (None, Some(Value::String(text))) => text,
        _ => "",
    };
    let said: String = said.chars().take(4000).collect();
    error_result(format!("HTTP {}: {said}", reply.status).trim_end_matches([':', ' ']))
}

fn shaped(reply: &Reply, shape: &Shape) -> Result<Json, Problem> {
    let unexpected = |what: String| problem("unexpected-reply", what);
    let document = match &reply.json {
        Some(document) => value(document),
        None if reply.body.as_ref().is_some_and(Value::is_object) => {
            return Err(unexpected("the reply is too large to be looked into".into()));
        }
        None => return Err(unexpected(format!("the reply is `{}`, wanted is JSON", reply.media))),
    };
    let pointer = shape.pointer.as_deref().unwrap_or_default();
    let part = document.pointer(pointer).ok_or_else(|| unexpected(format!("the reply has nothing at `{pointer}`")))?;
    let Some(template) = &shape.text else {
        return Ok(match part {
            Value::String(text) => text_result(text.as_str()),
            part => document_result(&raw(part)?),
        });
    };
    let text = fill(template, part, |_, value| Ok(value)).map_err(|e| unexpected(e.message))?.unwrap_or_default();
    let mut result = json!({"content": [{"type": "text", "text": text}]});
    if part.is_object() {
        result["structuredContent"] = part.clone();
    }
    Ok(result.into())
}

/// Whether bodies of a media type are texts.
fn is_text(media: &str) -> bool {
    let texts = ["json", "xml", "yaml", "javascript", "csv", "html", "graphql", "sql", "urlencoded"];
    media.is_empty() || media.starts_with("text/") || texts.iter().any(|text| media.contains(text))
}

fn value(document: &RawValue) -> Value {
    Doc(document.get()).value().unwrap_or_default()
}

fn raw(value: &Value) -> Result<Box<RawValue>, Problem> {
    RawValue::from_string(value.to_string()).map_err(|e| problem("bad-reply", e))
}

fn binary(media: &str, body: Value, name: &str) -> Value {
    match media.split('/').next() {
        Some(kind @ ("image" | "audio")) => json!({"type": kind, "data": body, "mimeType": media}),
        _ => {
            let uri = format!("mcpg:reply/{}", percent(name));
            json!({"type": "resource", "resource": {"uri": uri, "mimeType": media, "blob": body}})
        }
    }
}
