//! Permits what says of itself that it only reads, and what the operator names. It looks at no arguments.

use mcpg_sdk::documents::Action;
use mcpg_sdk::{Doc, Plugin, Policy, Problem, Run, Stop, Value, Verdict, read_config};
use serde::Deserialize;

mcpg_sdk::manifest!({{manifest}});

#[derive(Deserialize)]
struct {{ident}} {
    #[serde(default)]
    allow: Vec<String>,
}

impl Plugin for {{ident}} {
    fn new(config: Value) -> Result<Self, Problem> {
        read_config(config)
    }
}

impl {{ident}} {
    fn permits(&self, action: &Action) -> bool {
        action.annotations.get("readOnlyHint") == Some(&Value::Bool(true))
            || self.allow.contains(&action.name)
    }
}

impl Policy for {{ident}} {
    /// May this caller make this call?
    fn decide(&self, _run: &mut Run, _caller: Doc, action: Doc) -> Result<Verdict, Stop> {
        let action: Action = action.read()?;
        if self.permits(&action) {
            return Ok(Verdict::permit());
        }
        Ok(Verdict::deny(
            "not-read-only",
            format!("`{}` may change something", action.name),
        ))
    }

    /// The same before there are arguments, for a whole list: `p` for what may be permitted, `d` for what is denied.
    fn see(&self, _run: &mut Run, _caller: Doc, actions: Doc) -> Result<String, Stop> {
        let actions: Vec<Action> = actions.read()?;
        Ok(actions
            .iter()
            .map(|action| if self.permits(action) { 'p' } else { 'd' })
            .collect())
    }
}

mcpg_sdk::policy!({{ident}});

#[cfg(test)]
mod tests {
    use super::*;
    use mcpg_sdk::{End, drive, json};

    #[test]
    fn what_the_operator_allows_is_permitted() {
        let plugin = {{ident}}::new(json!({"allow": ["create-draft"]})).unwrap();
        let action = json!({"name": "create-draft", "annotations": {}}).to_string();
        let end = drive(vec![], |run| plugin.decide(run, Doc("{}"), Doc(&action)));
        assert!(matches!(end, End::Done(Verdict::Permit(_))));
    }
}
