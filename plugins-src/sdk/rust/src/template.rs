//! Templates: `{{ name }}` stands for an argument, `{{ a.b.0 }}` for something inside one. Values are encoded for where
//! they stand and never read as templates themselves. What they may stand in is the caller's business.

use crate::document::problem;
use crate::types::Problem;
use serde_json::{Map, Value};

/// A part of a template.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Stands for itself.
    Text(&'t str),
    /// Stands for a value.
    Name(&'t str),
}

/// Returns the parts of a template; fails with `bad-binding` when a brace is not closed or a name is none.
pub fn pieces(template: &str) -> Result<Vec<Piece<'_>>, Problem> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or_else(|| bad(template, "has `{{` without `}}`"))?;
        let name = name.trim();
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || !name.chars().all(fits) {
            return Err(bad(template, "has something in braces that is no name"));
        }
        if !before.is_empty() {
            found.push(Piece::Text(before));
        }
        found.push(Piece::Name(name));
        rest = after;
    }
    if !rest.is_empty() || found.is_empty() {
        found.push(Piece::Text(rest));
    }
    Ok(found)
}

/// Returns the value of a name; null is no value.
pub fn lookup<'v>(values: &'v Value, name: &str) -> Option<&'v Value> {
    if let Some(value) = values.get(name) {
        return Some(value).filter(|value| !value.is_null());
    }
    let inside = name.split('.').try_fold(values, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => value.get(part),
    });
    inside.filter(|value| !value.is_null())
}

/// Returns a text, a number or a flag as text; fails with `bad-arguments` on anything else.
pub fn scalar(name: &str, value: &Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        _ => Err(problem("bad-arguments", format!("`{name}` cannot stand here: it is a list or an object"))),
    }
}

/// Returns the filled template, each value encoded by `encode`. `None` stands for a template that is nothing but one
/// name without a value; a name without a value among other text fails with `bad-arguments`.
pub fn fill(
    template: &str,
    values: &Value,
    encode: impl Fn(&str, String) -> Result<String, Problem>,
) -> Result<Option<String>, Problem> {
    let parts = pieces(template)?;
    let whole = parts.len() == 1;
    let mut out = String::new();
    for part in parts {
        match part {
            Piece::Text(text) => out.push_str(text),
            Piece::Name(name) => match lookup(values, name) {
                Some(value) => out.push_str(&encode(name, scalar(name, value)?)?),
                None if whole => return Ok(None),
                None => return Err(missing(name)),
            },
        }
    }
    Ok(Some(out))
}

/// Returns a JSON document with its texts filled. A text that is nothing but one name becomes the value itself, of
/// whatever type; a member without a value is left out. Values that look like the host's typed nodes are refused.
pub fn node(template: &Value, values: &Value) -> Result<Option<Value>, Problem> {
    match template {
        Value::String(text) => match pieces(text)?.as_slice() {
            [Piece::Name(name)] => {
                let value = lookup(values, name);
                value.map_or(Ok(()), |value| plain(name, value))?;
                Ok(value.cloned())
            }
            _ => Ok(fill(text, values, |_, value| Ok(value))?.map(Value::from)),
        },
        Value::Array(items) => {
            let filled = items.iter().map(|item| Ok(node(item, values)?.unwrap_or(Value::Null)));
            Ok(Some(Value::Array(filled.collect::<Result<_, Problem>>()?)))
        }
        Value::Object(members) => {
            let mut filled = Map::new();
            for (key, member) in members {
                if let Some(value) = node(member, values)? {
                    filled.insert(key.clone(), value);
                }
            }
            Ok(Some(Value::Object(filled)))
        }
        other => Ok(Some(other.clone())),
    }
}

/// Fails with `bad-arguments` when an argument holds a key that only the operator may write.
pub fn plain(name: &str, value: &Value) -> Result<(), Problem> {
    match value {
        Value::Object(members) => members.iter().try_for_each(|(key, member)| {
            if key == "$secret" || key == "$ref" {
                return Err(problem("bad-arguments", format!("`{name}` holds the key `{key}`, which no argument may")));
            }
            plain(name, member)
        }),
        Value::Array(items) => items.iter().try_for_each(|item| plain(name, item)),
        _ => Ok(()),
    }
}

/// Returns a text with everything percent-encoded but letters, digits and `-._~` (RFC 3986, 2.3).
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|n| char::from(b"0123456789ABCDEF"[usize::from(n)])));
        }
    }
    out
}

/// Returns what an argument that is needed and not there makes of a call.
pub fn missing(name: &str) -> Problem {
    problem("bad-arguments", format!("`{name}` is not given"))
}

fn bad(template: &str, what: &str) -> Problem {
    problem("bad-binding", format!("`{template}` {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn raw(template: &str, values: Value) -> Result<Option<String>, Problem> {
        fill(template, &values, |_, value| Ok(value))
    }

    #[test]
    fn names_are_filled_and_values_are_no_templates() {
        assert_eq!(
            raw("a {{ x }}-{{y.0.z}}", json!({"x": "{{ y }}", "y": [{"z": 1.5}]})).unwrap().unwrap(),
            "a {{ y }}-1.5"
        );
        assert_eq!(raw("", json!({})).unwrap().unwrap(), "");
        assert_eq!(raw("{{ a.b }}", json!({"a.b": true})).unwrap().unwrap(), "true");
    }

    #[test]
    fn what_is_missing_is_left_out_or_an_error() {
        assert_eq!(raw("{{ x }}", json!({"x": null})).unwrap(), None);
        assert_eq!(raw("a{{ x }}", json!({})).unwrap_err().code, "bad-arguments");
        assert_eq!(raw("{{ x }}", json!({"x": []})).unwrap_err().code, "bad-arguments");
    }

    #[test]
    fn bad_templates_are_the_operators() {
        for template in ["{{ x", "{{}}", "{{ a b }}", "{{ $x }}"] {
            assert_eq!(raw(template, json!({})).unwrap_err().code, "bad-binding", "{template}");
        }
    }

    #[test]
    fn documents_keep_types() {
        let template = json!({"a": "{{ n }}", "b": ["{{ gone }}", "x{{ n }}"], "c": "{{ gone }}", "d": 1});
        let filled = node(&template, &json!({"n": 5})).unwrap().unwrap();
        assert_eq!(filled, json!({"a": 5, "b": [null, "x5"], "d": 1}));
    }

    #[test]
    fn an_argument_never_becomes_a_typed_node() {
        for value in [json!({"$secret": "secret://env/X"}), json!([{"a": {"$ref": "blob:0"}}])] {
            assert_eq!(node(&json!({"a": "{{ x }}"}), &json!({"x": value})).unwrap_err().code, "bad-arguments");
        }
        let text = node(&json!("{{ x }}"), &json!({"x": "{\"$secret\": \"secret://env/X\"}"})).unwrap().unwrap();
        assert!(text.is_string());
    }

    #[test]
    fn everything_but_unreserved_is_encoded() {
        assert_eq!(percent("a/b?c=d&e#ü %.~"), "a%2Fb%3Fc%3Dd%26e%23%C3%BC%20%25.~");
    }
}
