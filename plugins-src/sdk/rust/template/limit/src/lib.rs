//! Gives each caller so many calls a minute; what did not work costs nothing. The gateway keeps the accounts.

use mcpg_sdk::documents::{Caller, Outcome, OutcomeStatus};
use mcpg_sdk::{Charge, Doc, Limit, Plan, Plugin, Problem, Value, read_config};
use serde::Deserialize;

/// Prices are in millionths, so that nothing needs fractions.
const ONE: u64 = 1_000_000;

mcpg_sdk::manifest!({{manifest}});

#[derive(Deserialize)]
struct {{ident}} {
    per_minute: u64,
}

impl Plugin for {{ident}} {
    fn new(config: Value) -> Result<Self, Problem> {
        read_config(config)
    }
}

impl {{ident}} {
    /// One token of the caller's own account.
    fn price(&self, caller: Doc) -> Result<Vec<Charge>, Problem> {
        let caller: Caller = caller.read()?;
        let capacity = self.per_minute * ONE;
        let account = vec!["caller".into(), caller.id];
        Ok(vec![Charge {
            account,
            cost: ONE,
            capacity,
            refill: capacity / 60,
            window: 0,
        }])
    }
}

impl Limit for {{ident}} {
    /// Before the call: what to reserve.
    fn reserve(&self, caller: Doc, _action: Doc) -> Result<Plan, Problem> {
        Ok(Plan::Charge(self.price(caller)?))
    }

    /// After the call: what it really cost, in total.
    fn settle(&self, caller: Doc, _action: Doc, outcome: Doc) -> Result<Vec<Charge>, Problem> {
        let outcome: Outcome = outcome.read()?;
        if outcome.status == OutcomeStatus::Ok {
            self.price(caller)
        } else {
            Ok(Vec::new())
        }
    }
}

mcpg_sdk::limit!({{ident}});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_flow_back_in_whole_millionths() {
        let charges = {{ident}} { per_minute: 7 }
            .price(Doc(r#"{"id": "ana"}"#))
            .unwrap();
        assert_eq!(
            (charges[0].capacity, charges[0].refill),
            (7_000_000, 116_666)
        );
    }
}
