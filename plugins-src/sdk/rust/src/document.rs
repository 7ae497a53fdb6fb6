//! Documents as text until someone wants to look inside, and the one way to make problems.

use crate::types::Problem;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt::Display;

/// Returns a problem: a stable code, and one line for a person that never holds a secret.
pub fn problem(code: &str, message: impl Display) -> Problem {
    Problem::new(code, message)
}

/// A document as it came in. Nothing is parsed before it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Doc<'a>(pub &'a str);

impl<'a> Doc<'a> {
    /// Returns the document as a JSON value; fails with `bad-document`.
    pub fn value(self) -> Result<Value, Problem> {
        self.read()
    }

    /// Returns the document as a `T`, which may borrow its strings; fails with `bad-document`.
    pub fn read<T: Deserialize<'a>>(self) -> Result<T, Problem> {
        serde_json::from_str(self.0).map_err(|e| problem("bad-document", e))
    }
}

/// JSON text on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json(pub String);

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Json(value.to_string())
    }
}

impl From<Box<RawValue>> for Json {
    fn from(raw: Box<RawValue>) -> Self {
        Json(String::from(Box::<str>::from(raw)))
    }
}

/// Returns a configuration as the plugin's own type; fails with `bad-config`.
pub fn read_config<T: DeserializeOwned>(config: Value) -> Result<T, Problem> {
    serde_json::from_value(config).map_err(|e| problem("bad-config", e))
}

/// Returns the text that a JSON pointer finds in a configuration; fails with `bad-config`.
pub fn text<'a>(config: &'a Value, pointer: &str) -> Result<&'a str, Problem> {
    config
        .pointer(pointer)
        .and_then(Value::as_str)
        .ok_or_else(|| problem("bad-config", format!("`{pointer}` is missing or no text")))
}
