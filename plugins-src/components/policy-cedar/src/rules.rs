//! Policies from files: parsed, named, checked against the schema, their annotations read. It decides nothing.

use cedar_policy::{Effect, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use mcpg_sdk::{Obligation, Problem, Value, problem};
use miette::Diagnostic;
use serde::Deserialize;
use std::collections::HashMap;
use std::str::FromStr;

/// A file as the host hands it over.
#[derive(Deserialize)]
pub struct File {
    name: String,
    text: String,
}

/// What we know of a policy beside what Cedar knows.
pub struct Rule {
    /// Its place among all policies, for answers in an order that never changes.
    pub place: usize,
    /// Why it forbids, in the operator's words.
    pub reason: Option<String>,
    /// What must be done if it permits.
    pub obligations: Vec<Obligation>,
}

/// All policies.
pub struct Rules {
    /// As Cedar evaluates them.
    pub set: PolicySet,
    /// By their ids.
    pub notes: HashMap<PolicyId, Rule>,
}

/// Returns the schema in a file; fails with `bad-config`, file and position.
pub fn schema(file: &File) -> Result<Schema, Problem> {
    Schema::from_cedarschema_str(&file.text).map(|(schema, _)| schema).map_err(|e| refused(file, &e, ""))
}

impl Rules {
    /// Returns the policies of all files; fails with `bad-config`, file and position.
    pub fn new(files: &[File], schema: Option<&Schema>) -> Result<Self, Problem> {
        let mut rules = Rules { set: PolicySet::new(), notes: HashMap::new() };
        for file in files {
            let parsed = PolicySet::from_str(&file.text).map_err(|e| refused(file, &e, ""))?;
            if parsed.templates().next().is_some() {
                return Err(problem("bad-config", format!("{}: templates are not supported", file.name)));
            }
            rules.validate(file, &parsed, schema)?;
            let mut policies: Vec<&Policy> = parsed.policies().collect();
            policies.sort_by_key(|policy| number(policy.id()));
            policies.into_iter().try_for_each(|policy| rules.add(file, policy))?;
        }
        Ok(rules)
    }

    fn validate(&self, file: &File, parsed: &PolicySet, schema: Option<&Schema>) -> Result<(), Problem> {
        let Some(schema) = schema else { return Ok(()) };
        let checked = Validator::new(schema.clone()).validate(parsed, ValidationMode::Strict);
        let first = checked.validation_errors().min_by_key(|e| (offset(*e), e.to_string()));
        first.map_or(Ok(()), |e| Err(refused(file, e, "")))
    }

    fn add(&mut self, file: &File, policy: &Policy) -> Result<(), Problem> {
        let place = self.notes.len();
        let id = match policy.annotation("id") {
            Some(id) if !id.is_empty() => PolicyId::new(id),
            _ => PolicyId::new(format!("{}#{}", file.name, number(policy.id()))),
        };
        let bad = |what: String| problem("bad-config", format!("{}: policy `{id}`: {what}", file.name));
        let obligations = obligations(policy).map_err(bad)?;
        if policy.effect() == Effect::Forbid && !obligations.is_empty() {
            return Err(bad("a forbid has no obligations".into()));
        }
        let reason = policy.annotation("reason").filter(|reason| !reason.is_empty()).map(str::to_owned);
        self.set.add(policy.new_id(id.clone())).map_err(|_| bad("another policy has this id".into()))?;
        self.notes.insert(id, Rule { place, reason, obligations });
        Ok(())
    }
}

/// Returns what `@obligation("kind") @detail("json")`, `@obligation_2(...) @detail_2(...)` and so on ask for.
fn obligations(policy: &Policy) -> Result<Vec<Obligation>, String> {
    let mut named: Vec<(&str, &str)> = policy.annotations().collect();
    named.sort_by_key(|(key, _)| (key.len(), *key));
    let mut found = Vec::new();
    for (key, kind) in &named {
        let Some(suffix) = key.strip_prefix("obligation").filter(|s| s.is_empty() || s.starts_with('_')) else {
            continue;
        };
        let detail = policy.annotation(format!("detail{suffix}")).filter(|text| !text.is_empty()).unwrap_or("{}");
        let parsed: Value = serde_json::from_str(detail).map_err(|e| format!("`@detail{suffix}` is not JSON: {e}"))?;
        if kind.is_empty() || !parsed.is_object() {
            return Err(format!("`@obligation{suffix}` needs a kind, and `@detail{suffix}` a JSON object"));
        }
        found.push(Obligation { kind: (*kind).into(), detail: parsed.to_string() });
    }
    let lonely = named.iter().find(|(key, _)| {
        let suffix = key.strip_prefix("detail").filter(|s| s.is_empty() || s.starts_with('_'));
        suffix.is_some_and(|suffix| policy.annotation(format!("obligation{suffix}")).is_none())
    });
    lonely.map_or(Ok(found), |(key, _)| Err(format!("`@{key}` has no obligation")))
}

/// Cedar names the policies of a text `policy0`, `policy1`, ... in their order.
fn number(id: &PolicyId) -> usize {
    id.to_string().trim_start_matches("policy").parse().unwrap_or(usize::MAX)
}

fn offset(error: &dyn Diagnostic) -> Option<usize> {
    error.labels()?.map(|label| label.offset()).min()
}

fn refused(file: &File, error: &dyn Diagnostic, also: &str) -> Problem {
    let place = offset(error).and_then(|at| file.text.get(..at)).map_or(String::new(), |before| {
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!(":{line}:{column}")
    });
    let what = error.to_string().replace('\n', " ");
    problem("bad-config", format!("{}{place}: {what}{also}", file.name))
}
