//! Fields by JSON pointer (RFC 6901), where `*` stands for any one member or element and `**` for any number of levels.

use mcpg_sdk::{Problem, Value, problem};

enum Step {
    Name(String),
    Any,
    Deep,
}

/// A pointer, ready for use.
pub struct Field(Vec<Step>);

impl Field {
    /// Returns the field; fails with `bad-config` on a text that is no pointer to something inside.
    pub fn new(pointer: &str) -> Result<Self, Problem> {
        let Some(rest) = pointer.strip_prefix('/') else {
            return Err(problem("bad-config", format!("`fields`: `{pointer}` does not begin with `/`")));
        };
        let steps = rest.split('/').map(|step| match step {
            "*" => Step::Any,
            "**" => Step::Deep,
            name => Step::Name(name.replace("~1", "/").replace("~0", "~")),
        });
        Ok(Field(steps.collect()))
    }

    /// Puts `replacement` where the field is; says whether it was anywhere.
    pub fn take(&self, value: &mut Value, replacement: &str) -> bool {
        take(&self.0, value, replacement)
    }
}

fn take(steps: &[Step], value: &mut Value, replacement: &str) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        if value.as_str() == Some(replacement) {
            return false;
        }
        *value = Value::from(replacement);
        return true;
    };
    match step {
        Step::Name(name) => child(value, name).is_some_and(|inner| take(rest, inner, replacement)),
        Step::Any => each(value, &mut |inner| take(rest, inner, replacement)),
        Step::Deep => {
            let here = !rest.is_empty() && take(rest, value, replacement);
            each(value, &mut |inner| take(steps, inner, replacement)) | here
        }
    }
}

fn child<'a>(value: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    match value {
        Value::Object(members) => members.get_mut(name),
        Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?),
        _ => None,
    }
}

fn each(value: &mut Value, visit: &mut dyn FnMut(&mut Value) -> bool) -> bool {
    match value {
        Value::Object(members) => members.values_mut().fold(false, |changed, inner| visit(inner) | changed),
        Value::Array(items) => items.iter_mut().fold(false, |changed, inner| visit(inner) | changed),
        _ => false,
    }
}
