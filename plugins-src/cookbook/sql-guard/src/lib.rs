//! Lets a tool that takes SQL text run single SELECT statements over listed tables, and nothing else. What it does not
//! understand it denies. It judges texts only; it never runs one.

mod guard;
mod nodes;

use guard::Guard;
use mcpg_sdk::documents::Action;
use mcpg_sdk::{Doc, Plugin, Policy, Problem, Run, Stop, Value, Verdict, matches_any, problem, read_config};
use serde::Deserialize;

mcpg_sdk::manifest!({
  "schema": 1,
  "id": "mcpg/sql-guard",
  "version": "1.0.0",
  "kind": "policy",
  "world": "mcpg:plugin/policy-plugin@1.0.0",
  "summary": "Lets a tool that takes SQL run one SELECT over listed tables, with listed functions and a limit.",
  "licence": "Apache-2.0",
  "config": {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": false,
    "required": ["tools", "dialect", "tables"],
    "properties": {
      "tools": {
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "minItems": 1,
        "description": "Names of the tools that take SQL; `*` stands for any text. Of other tools this policy says nothing."
      },
      "argument": {
        "type": "string",
        "minLength": 1,
        "default": "sql",
        "description": "The argument that holds the SQL."
      },
      "dialect": {
        "enum": ["postgres", "mysql", "sqlite"],
        "description": "What the database behind the tools speaks. Another one reads some texts differently: do not guess."
      },
      "tables": {
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "description": "Tables and views that may be read, as they are written there: `orders` does not allow `public.orders`. In lower case, unless they have to be quoted."
      },
      "functions": {
        "type": "array",
        "items": {"type": "string", "pattern": "^[a-z0-9_]+$"},
        "default": ["count", "sum", "avg", "min", "max", "coalesce", "nullif", "lower", "upper", "length", "abs", "round", "row_number", "rank"],
        "description": "Functions that may be called."
      },
      "max_rows": {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000000,
        "default": 1000,
        "description": "Every statement has a `LIMIT` of so many rows or fewer."
      }
    }
  },
  "reads": ["/action/name", "/action/arguments"],
  "memo": true,
  "limits": {"memory": "64MiB", "time": "200ms"}
});

#[derive(Deserialize)]
struct Config {
    tools: Vec<String>,
    #[serde(default = "sql")]
    argument: String,
    #[serde(flatten)]
    guard: Guard,
}

fn sql() -> String {
    "sql".into()
}

struct SqlGuard(Config);

impl Plugin for SqlGuard {
    fn new(config: Value) -> Result<Self, Problem> {
        Ok(SqlGuard(read_config(config)?))
    }
}

impl SqlGuard {
    fn judge(&self, action: &Action) -> Result<(), Problem> {
        let arguments = action.arguments.as_ref();
        let Some(Value::String(sql)) = arguments.and_then(|all| all.get(&self.0.argument)) else {
            return Err(problem("sql-missing", format!("`{}` is no text", self.0.argument)));
        };
        self.0.guard.judge(sql)
    }
}

impl Policy for SqlGuard {
    fn decide(&self, _run: &mut Run, _caller: Doc, action: Doc) -> Result<Verdict, Stop> {
        let action: Action = action.read()?;
        if !matches_any(&self.0.tools, &action.name) {
            return Ok(Verdict::Abstain);
        }
        Ok(self.judge(&action).map_or_else(Verdict::Deny, |()| Verdict::permit()))
    }

    fn see(&self, _run: &mut Run, _caller: Doc, actions: Doc) -> Result<String, Stop> {
        let actions: Vec<Action> = actions.read()?;
        let letter = |action: &Action| if matches_any(&self.0.tools, &action.name) { 'p' } else { 'a' };
        Ok(actions.iter().map(letter).collect())
    }
}

mcpg_sdk::policy!(SqlGuard);
