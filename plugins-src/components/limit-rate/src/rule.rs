//! One rule: which actions it counts, by whom, and how many are allowed.

use mcpg_sdk::{Charge, Problem, matches_any, problem};
use serde::Deserialize;
use std::borrow::Cow;

const MILLION: f64 = 1e6;
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// A rule as the operator writes it.
#[derive(Deserialize)]
pub struct Written {
    per: Vec<Per>,
    burst: f64,
    per_second: f64,
    #[serde(default)]
    tools: Vec<String>,
    name: Option<String>,
}

/// What has a bucket of its own.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Per {
    Caller,
    Tool,
    Session,
    Tenant,
}

/// What we read of schema `caller`.
#[derive(Deserialize)]
pub struct Caller<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    issuer: Cow<'a, str>,
}

/// What we read of schema `action`.
#[derive(Deserialize)]
pub struct Action<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    session: Cow<'a, str>,
}

/// A rule ready for use; numbers are millionths.
pub struct Rule {
    name: String,
    per: Vec<Per>,
    tools: Vec<String>,
    capacity: u64,
    refill: u64,
}

impl Rule {
    /// Returns the rule; fails with `bad-config` on numbers that have no millionths.
    pub fn new(place: usize, rule: Written) -> Result<Self, Problem> {
        let millionths = |what: &str, n: f64, least: f64| {
            let scaled = (n * MILLION).round();
            let fits = n >= least && scaled <= LARGEST;
            fits.then_some(scaled as u64).ok_or_else(|| {
                problem(
                    "bad-config",
                    format!("`rules[{place}].{what}` is `{n}`, which is less than {least} or too much"),
                )
            })
        };
        Ok(Rule {
            capacity: millionths("burst", rule.burst, 1.0)?,
            refill: millionths("per_second", rule.per_second, 0.000_001)?,
            name: rule.name.unwrap_or_else(|| place.to_string()),
            per: rule.per,
            tools: rule.tools,
        })
    }

    /// Returns what names the rule's accounts.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what the action costs under this rule, if the rule speaks of it.
    pub fn charge(&self, caller: &Caller, action: &Action) -> Option<Charge> {
        let counted = self.tools.is_empty() || action.kind == "tool" && matches_any(&self.tools, &action.name);
        counted.then(|| Charge {
            account: self.account(caller, action),
            cost: MILLION as u64,
            capacity: self.capacity,
            refill: self.refill,
            window: 0,
        })
    }

    /// A call without a session counts for its caller, or else all of them would share one bucket.
    fn account(&self, caller: &Caller, action: &Action) -> Vec<String> {
        let mut account = vec!["rule".into(), self.name.clone()];
        for per in &self.per {
            match per {
                Per::Tool => account.extend([action.kind.to_string(), action.name.to_string()]),
                Per::Session if !action.session.is_empty() => {
                    account.extend(["session".into(), action.session.to_string()])
                }
                Per::Caller | Per::Session => {
                    account.extend(["caller".into(), caller.issuer.to_string(), caller.id.to_string()]);
                }
                Per::Tenant => {} // the host puts the tenant before every account
            }
        }
        account
    }
}
