//! Counts calls in token buckets of the host, one for each caller, tool, session or tenant. It keeps no count itself.

mod rule;

use mcpg_sdk::{Charge, Doc, Limit, Plan, Plugin, Problem, Value, problem, read_config};
use rule::{Action, Caller, Rule};
use serde::Deserialize;

#[derive(Deserialize)]
struct Config {
    rules: Vec<rule::Written>,
}

struct Rate {
    rules: Vec<Rule>,
}

impl Plugin for Rate {
    fn new(config: Value) -> Result<Self, Problem> {
        let Config { rules } = read_config(config)?;
        let mut ready: Vec<Rule> = Vec::with_capacity(rules.len());
        for (place, written) in rules.into_iter().enumerate() {
            let rule = Rule::new(place, written)?;
            if ready.iter().any(|other| other.name() == rule.name()) {
                let what = format!("`rules[{place}].name`: `{}` is the name of another rule", rule.name());
                return Err(problem("bad-config", what));
            }
            ready.push(rule);
        }
        Ok(Rate { rules: ready })
    }
}

impl Rate {
    fn charges(&self, caller: Doc, action: Doc) -> Result<Vec<Charge>, Problem> {
        let (caller, action): (Caller, Action) = (caller.read()?, action.read()?);
        Ok(self.rules.iter().filter_map(|rule| rule.charge(&caller, &action)).collect())
    }
}

impl Limit for Rate {
    fn reserve(&self, caller: Doc, action: Doc) -> Result<Plan, Problem> {
        self.charges(caller, action).map(Plan::Charge)
    }

    /// A call counts as one, however it ended: what was reserved is what it cost.
    fn settle(&self, caller: Doc, action: Doc, _outcome: Doc) -> Result<Vec<Charge>, Problem> {
        self.charges(caller, action)
    }
}

mcpg_sdk::limit!(Rate);

#[cfg(test)]
mod tests;
