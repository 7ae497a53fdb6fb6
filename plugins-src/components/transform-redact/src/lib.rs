//! Takes out what must not pass: fields by JSON pointer, and whatever looks like an e-mail address, a card or a key.
//!
//! Patterns act on every text of a result: content, structured content, numbers and the keys of objects. Texts that hold
//! JSON are parsed, so that an escape hides nothing, and so are bodies in base64 that hold text.

mod base64;
mod detect;
mod fields;
mod numerals;
mod walk;

use fields::Field;
use mcpg_sdk::{Change, Doc, Json, Plugin, Problem, Run, Stop, Transform, Value, problem, read_config};
use serde::Deserialize;
use walk::{Place, Redactor};

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    fields: Vec<String>,
    #[serde(default)]
    patterns: Vec<detect::Written>,
    #[serde(default = "default_replacement")]
    replacement: String,
    #[serde(default)]
    direction: Direction,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Direction {
    In,
    #[default]
    Out,
    Both,
}

fn default_replacement() -> String {
    "[redacted]".into()
}

struct Redact {
    redactor: Redactor,
    direction: Direction,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    arguments: Value,
}

#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    result: Option<Value>,
}

impl Plugin for Redact {
    fn new(config: Value) -> Result<Self, Problem> {
        let config: Config = read_config(config)?;
        let fields: Result<Vec<Field>, Problem> = config.fields.iter().map(|pointer| Field::new(pointer)).collect();
        let patterns = config.patterns.into_iter().map(detect::Pattern::new).collect::<Result<_, _>>()?;
        let redactor = Redactor { fields: fields?, patterns, replacement: config.replacement };
        if redactor.patterns.iter().any(|pattern| !pattern.find(&redactor.replacement).is_empty()) {
            return Err(problem("bad-config", "`replacement` is itself something that a pattern takes out"));
        }
        Ok(Redact { redactor, direction: config.direction })
    }
}

impl Transform for Redact {
    fn before(&self, _: &mut Run, _caller: Doc, call: Doc) -> Result<Change, Stop> {
        if self.direction == Direction::Out {
            return Ok(Change::Unchanged);
        }
        let mut arguments = call.read::<Call>()?.arguments;
        let mut changed = self.redactor.take_fields(&mut arguments);
        changed |= self.redactor.take_patterns(&mut arguments, Place::Document);
        Ok(change(changed, arguments))
    }

    fn after(&self, _: &mut Run, _caller: Doc, _call: Doc, outcome: Doc) -> Result<Change, Stop> {
        let result = if self.direction == Direction::In { None } else { outcome.read::<Outcome>()?.result };
        let Some(mut result) = result else { return Ok(Change::Unchanged) };
        let mut changed = self.redactor.take_fields_of_result(&mut result);
        changed |= self.redactor.take_patterns(&mut result, Place::Envelope);
        Ok(change(changed, result))
    }
}

fn change(changed: bool, value: Value) -> Change {
    if changed { Change::Changed(Json::from(value)) } else { Change::Unchanged }
}

mcpg_sdk::transform!(Redact);

#[cfg(test)]
mod tests;
