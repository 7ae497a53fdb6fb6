//! A policy that looks into a table before it permits; its request and its reply are typed.

use mcpg_sdk::documents::{Action, Caller, SqlMode, SqlRequest};
use mcpg_sdk::{Doc, Map, Obligation, Plugin, Policy, Problem, Run, Stop, Value, Verdict, json, text};

mcpg_sdk::manifest!({
  "schema": 1, "id": "examples/looked-up", "version": "1.0.0", "kind": "policy",
  "world": "mcpg:plugin/policy-plugin@1.0.0", "licence": "Apache-2.0",
  "summary": "Permits what a table grants.",
  "config": {"type": "object", "required": ["connection"], "properties": {"connection": {"type": "string"}}},
  "reads": ["/caller/id", "/action/name"],
  "effects": [{"driver": "sql", "why": "look grants up"}]
});

struct LookedUp {
    connection: String,
}

impl Plugin for LookedUp {
    fn new(config: Value) -> Result<Self, Problem> {
        Ok(LookedUp { connection: text(&config, "/connection")?.into() })
    }
}

impl Policy for LookedUp {
    fn decide(&self, run: &mut Run, caller: Doc, action: Doc) -> Result<Verdict, Stop> {
        let (caller, action): (Caller, Action) = (caller.read()?, action.read()?);
        let parameters = Map::from_iter([("who".into(), json!(caller.id)), ("what".into(), json!(action.name))]);
        let reply = run.send(&SqlRequest {
            connection: self.connection.clone(),
            statement: "SELECT reason FROM grants WHERE who = :who AND what = :what".into(),
            parameters,
            mode: SqlMode::One,
            ..SqlRequest::default()
        })?;
        match reply.row {
            Some(row) => {
                let notes = json!({"notes": {"granted": row["reason"]}});
                Ok(Verdict::Permit(vec![Obligation::new("annotate", notes)]))
            }
            None => Ok(Verdict::deny("not-granted", format!("nobody has granted you `{}`", action.name))),
        }
    }

    /// Looking up 256 actions one by one would be too slow, so lists are left to the other policies.
    fn see(&self, _run: &mut Run, _caller: Doc, actions: Doc) -> Result<String, Stop> {
        let actions: Vec<Action> = actions.read()?;
        Ok("a".repeat(actions.len()))
    }
}

mcpg_sdk::policy!(LookedUp);

/// An example is a program to cargo; a plugin of your own is a library and has none.
fn main() {}
