//! From written elements to an argument vector. What an argument may become is decided here.

use mcpg_sdk::template::{Piece, fill, lookup, missing, pieces};
use mcpg_sdk::{Problem, Value, problem};
use serde::Deserialize;

/// An element as the operator writes it: one text, or a group that is left out when an argument in it has no value.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Element {
    One(String),
    Group(Vec<String>),
}

/// Returns the vector; fails with `bad-arguments` when an argument would stand as an option or holds a null byte.
pub fn fill_vector(elements: &[Element], arguments: &Value, allow_options: bool) -> Result<Vec<String>, Problem> {
    let mut argv: Vec<String> = Vec::new();
    let mut options_ended = false;
    for element in elements {
        let written = match element {
            Element::One(one) => std::slice::from_ref(one),
            Element::Group(group) if complete(group, arguments)? => group.as_slice(),
            Element::Group(_) => continue,
        };
        for template in written {
            if argv.is_empty() && pieces(template)?.iter().any(|piece| matches!(piece, Piece::Name(_))) {
                return Err(problem("bad-binding", "the program itself must not come from an argument"));
            }
            let filled = one(template, arguments, allow_options || options_ended)?;
            options_ended |= template == "--";
            argv.push(filled);
        }
    }
    Ok(argv)
}

/// Whether every argument that a group names has a value.
fn complete(group: &[String], arguments: &Value) -> Result<bool, Problem> {
    for template in group {
        let named = |piece: &Piece| matches!(piece, Piece::Name(name) if lookup(arguments, name).is_none());
        if pieces(template)?.iter().any(named) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn one(template: &str, arguments: &Value, options: bool) -> Result<String, Problem> {
    let value = |name: &str, value: String| {
        if value.contains('\0') {
            return Err(problem("bad-arguments", format!("`{name}` holds a null byte")));
        }
        Ok(value)
    };
    let filled = fill(template, arguments, value)?.ok_or_else(|| missing(template))?;
    let begins_with_a_name = matches!(pieces(template)?.first(), Some(Piece::Name(_)));
    if begins_with_a_name && filled.starts_with('-') && !options {
        return Err(problem("bad-arguments", format!("`{template}` would be an option: it begins with `-`")));
    }
    Ok(filled)
}
