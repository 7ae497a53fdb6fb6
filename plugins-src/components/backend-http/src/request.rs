//! From a binding and arguments to a request. What an argument may change is decided here, place by place.

use mcpg_sdk::template::{Piece, fill, lookup, missing, node, percent, pieces, scalar};
use mcpg_sdk::{Map, Problem, Value, json, problem};
use serde::Deserialize;

/// A request as the operator writes it under a tool.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    #[serde(default = "get")]
    method: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    query: Map<String, Value>,
    #[serde(default)]
    headers: Map<String, Value>,
    json: Option<Value>,
    form: Option<Map<String, Value>>,
    body: Option<String>,
    #[serde(default)]
    expect: Vec<u16>,
    timeout: Option<u32>,
    #[serde(default)]
    idempotent: bool,
    stream: Option<Value>,
}

fn get() -> String {
    "GET".into()
}

impl Written {
    /// Returns the request of driver `http`.
    pub fn fill(&self, base_url: &str, defaults: &Map<String, Value>, arguments: &Value) -> Result<Value, Problem> {
        let mut url = base_url.to_owned() + &path(&self.path, arguments)?;
        let query = pairs(&self.query, arguments)?;
        if !query.is_empty() {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&query);
        }
        let mut headers = headers(defaults, &self.headers, arguments)?;
        let mut request = json!({"method": self.method, "url": url});
        if let Some(template) = &self.json {
            request["json"] = node(template, arguments)?.unwrap_or_default();
        } else if let Some(form) = &self.form {
            request["body"] = pairs(form, arguments)?.into();
            headers.entry("content-type").or_insert_with(|| json!("application/x-www-form-urlencoded"));
        } else if let Some(template) = &self.body {
            request["body"] = body(template, arguments)?.into();
        }
        if !headers.is_empty() {
            request["headers"] = headers.into();
        }
        self.add_options(&mut request);
        Ok(request)
    }

    fn add_options(&self, request: &mut Value) {
        if !self.expect.is_empty() {
            request["expect"] = json!(self.expect);
        }
        if let Some(timeout) = self.timeout {
            request["timeout"] = timeout.into();
        }
        if self.idempotent {
            request["idempotent"] = true.into();
        }
        if let Some(stream) = &self.stream {
            request["stream"] = stream.clone();
        }
    }
}

/// A value is one piece of a segment: it can neither add a segment nor climb out of one.
fn path(template: &str, arguments: &Value) -> Result<String, Problem> {
    let encode = |name: &str, value: String| match value.as_str() {
        "" => Err(missing(name)),
        _ => Ok(percent(&value)),
    };
    let filled = fill(template, arguments, encode)?.ok_or_else(|| missing(template))?;
    if filled.split(['?', '#']).next().unwrap_or_default().split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(problem("bad-arguments", "the path would hold `.` or `..`"));
    }
    Ok(if filled.is_empty() || filled.starts_with(['/', '?']) { filled } else { format!("/{filled}") })
}

/// Names come from the operator; a list stands for one pair for each of its items.
fn pairs(written: &Map<String, Value>, arguments: &Value) -> Result<String, Problem> {
    let mut out: Vec<String> = Vec::new();
    for (name, template) in written {
        let mut push = |value: &str| out.push(format!("{}={}", percent(name), percent(value)));
        let Some(template) = template.as_str() else {
            push(&scalar(name, template)?);
            continue;
        };
        let list = match pieces(template)?.as_slice() {
            [Piece::Name(inner)] => lookup(arguments, inner).and_then(Value::as_array),
            _ => None,
        };
        if let Some(items) = list {
            items.iter().try_for_each(|item| scalar(name, item).map(|item| push(&item)))?;
        } else if let Some(value) = fill(template, arguments, |_, value| Ok(value))? {
            push(&value);
        }
    }
    Ok(out.join("&"))
}

/// Typed secrets pass through from the operator's hand to the host's; an argument is only ever text.
fn headers(
    defaults: &Map<String, Value>,
    own: &Map<String, Value>,
    arguments: &Value,
) -> Result<Map<String, Value>, Problem> {
    let mut out = Map::new();
    for (name, written) in defaults.iter().chain(own) {
        let name = name.to_ascii_lowercase();
        match written {
            Value::String(template) => match fill(template, arguments, header)? {
                Some(value) => drop(out.insert(name, value.into())),
                None => drop(out.shift_remove(&name)),
            },
            typed => drop(out.insert(name, typed.clone())),
        }
    }
    Ok(out)
}

fn header(name: &str, value: String) -> Result<String, Problem> {
    if value.chars().any(|c| c.is_control() && c != '\t') {
        return Err(problem(
            "bad-arguments",
            format!("`{name}` holds a control character and cannot stand in a header"),
        ));
    }
    Ok(value)
}

/// Nothing says how to encode a value inside a free text, so a body is either fixed or one whole argument.
fn body(template: &str, arguments: &Value) -> Result<String, Problem> {
    match pieces(template)?.as_slice() {
        [Piece::Text(text)] => Ok((*text).to_owned()),
        [Piece::Name(name)] => lookup(arguments, name).map_or_else(|| Err(missing(name)), |value| scalar(name, value)),
        _ => Err(problem("bad-binding", "`body` mixes text and arguments: use `json` or `form`, which encode them")),
    }
}
