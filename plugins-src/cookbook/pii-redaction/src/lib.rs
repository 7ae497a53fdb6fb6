//! Takes out of arguments and results what tells who somebody is: addresses, cards, bank accounts, telephone numbers, and
//! the members that the operator names. It looks at texts, numbers and names of members, not into pictures or sound.

mod find;
mod walk;

use find::{Finder, Kind};
use mcpg_sdk::documents::{Call, Outcome};
use mcpg_sdk::{Change, Doc, Plugin, Problem, Run, Stop, Transform, Value, read_config};
use serde::Deserialize;
use walk::Redactor;

mcpg_sdk::manifest!({
  "schema": 1,
  "id": "mcpg/pii-redaction",
  "version": "1.0.0",
  "kind": "transform",
  "world": "mcpg:plugin/transform-plugin@1.0.0",
  "summary": "Takes e-mail addresses, cards, IBANs, telephone numbers and named members out of arguments and results.",
  "licence": "Apache-2.0",
  "config": {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "find": {
        "type": "array",
        "items": {"enum": ["email", "card", "iban", "phone"]},
        "uniqueItems": true,
        "default": ["email", "card", "iban", "phone"],
        "description": "What is looked for in texts, numbers and names of members."
      },
      "members": {
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "maxItems": 200,
        "default": [],
        "description": "Names of members whose values are taken out whatever they are, wherever they stand; case does not count."
      },
      "keep": {
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "maxItems": 200,
        "default": [],
        "description": "Names of members that are left alone, such as the `to` of a tool that sends mail; case does not count."
      },
      "in": {
        "type": "array",
        "items": {"enum": ["arguments", "results"]},
        "uniqueItems": true,
        "minItems": 1,
        "default": ["arguments", "results"],
        "description": "Where it looks."
      }
    }
  },
  "reads": ["/call/arguments", "/outcome/result"],
  "memo": false,
  "whole_bodies": true,
  "security": true,
  "limits": {"memory": "64MiB", "time": "1s", "output": "16MiB"}
});

#[derive(Deserialize)]
struct Config {
    #[serde(default = "everything")]
    find: Vec<Kind>,
    #[serde(default)]
    members: Vec<String>,
    #[serde(default)]
    keep: Vec<String>,
    #[serde(default = "everywhere", rename = "in")]
    places: Vec<Place>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Place {
    Arguments,
    Results,
}

fn everything() -> Vec<Kind> {
    Kind::ALL.into()
}

fn everywhere() -> Vec<Place> {
    vec![Place::Arguments, Place::Results]
}

struct PiiRedaction {
    redactor: Redactor,
    places: Vec<Place>,
}

impl Plugin for PiiRedaction {
    fn new(config: Value) -> Result<Self, Problem> {
        let config: Config = read_config(config)?;
        // Account numbers before telephone numbers, which could be a part of them.
        let wanted = Kind::ALL.into_iter().filter(|kind| config.find.contains(kind));
        let finders = wanted.map(Finder::new).collect::<Result<_, _>>()?;
        let lower = |names: Vec<String>| names.iter().map(|name| name.to_lowercase()).collect();
        let redactor = Redactor { finders, members: lower(config.members), keep: lower(config.keep) };
        Ok(PiiRedaction { redactor, places: config.places })
    }
}

impl Transform for PiiRedaction {
    fn before(&self, _run: &mut Run, _caller: Doc, call: Doc) -> Result<Change, Stop> {
        if !self.places.contains(&Place::Arguments) {
            return Ok(Change::Unchanged);
        }
        let call: Call = call.read()?;
        Ok(self.change(Value::Object(call.arguments), Redactor::document))
    }

    fn after(&self, _run: &mut Run, _caller: Doc, _call: Doc, outcome: Doc) -> Result<Change, Stop> {
        if !self.places.contains(&Place::Results) {
            return Ok(Change::Unchanged);
        }
        let outcome: Outcome = outcome.read()?;
        let Some(result) = outcome.result else { return Ok(Change::Unchanged) };
        Ok(self.change(Value::Object(result), Redactor::result))
    }
}

impl PiiRedaction {
    fn change(&self, mut document: Value, redact: impl Fn(&Redactor, &mut Value) -> bool) -> Change {
        if redact(&self.redactor, &mut document) { Change::to(document) } else { Change::Unchanged }
    }
}

mcpg_sdk::transform!(PiiRedaction);
