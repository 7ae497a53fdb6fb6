//! Cedar's responses as verdicts. An error anywhere denies before anything else is looked at.

use crate::rules::{Rule, Rules};
use cedar_policy::authorization_errors::PolicyEvaluationError;
use cedar_policy::{AuthorizationError, Decision, EvaluationError, PartialResponse, PolicyId, Response};
use mcpg_sdk::{Obligation, Problem, Verdict, problem};

/// Returns what a response means; where no rule speaks of a notice, it says nothing.
pub fn verdict(rules: &Rules, response: &Response, notice: bool) -> Verdict {
    let erring = response.diagnostics().errors().map(inside).min_by_key(|error| place(rules, error.policy_id()));
    if let Some(error) = erring {
        let (id, why) = (error.policy_id(), cause(error.inner()));
        return Verdict::Deny(problem("policy-error", format!("policy `{id}` could not be evaluated: {why}")));
    }
    let mut reasons: Vec<(&PolicyId, &Rule)> =
        response.diagnostics().reason().filter_map(|id| rules.notes.get_key_value(id)).collect();
    reasons.sort_by_key(|(_, rule)| rule.place);
    match response.decision() {
        Decision::Allow => Verdict::Permit(obligations(&reasons)),
        Decision::Deny if notice && reasons.is_empty() => Verdict::Abstain,
        Decision::Deny => Verdict::Deny(denial(&reasons)),
    }
}

/// Returns `d` only where no arguments could lead to a permit; an error or an unknown is no proof of that.
pub fn letter(response: &PartialResponse) -> char {
    let sure = response.definitely_errored().next().is_none() && response.decision() == Some(Decision::Deny);
    if sure { 'd' } else { 'p' }
}

fn inside(error: &AuthorizationError) -> &PolicyEvaluationError {
    let AuthorizationError::PolicyEvaluationError(error) = error;
    error
}

/// Cedar's own words may quote values of arguments, so they are not passed on.
fn cause(error: &EvaluationError) -> &'static str {
    match error {
        EvaluationError::EntityDoesNotExist(_) => "an entity does not exist",
        EvaluationError::EntityAttrDoesNotExist(_) | EvaluationError::RecordAttrDoesNotExist(_) => {
            "an attribute is missing; ask for it with `has` first"
        }
        EvaluationError::TypeError(_) => "a value has another type",
        EvaluationError::IntegerOverflow(_) => "a number is too large",
        EvaluationError::NonValue(_) => "a value is null or a number that Cedar cannot carry",
        _ => "an error",
    }
}

fn place(rules: &Rules, id: &PolicyId) -> usize {
    rules.notes.get(id).map_or(usize::MAX, |rule| rule.place)
}

/// Obligations of all permits add up; one asked for twice is one.
fn obligations(permits: &[(&PolicyId, &Rule)]) -> Vec<Obligation> {
    let mut all: Vec<Obligation> = Vec::new();
    for one in permits.iter().flat_map(|(_, rule)| &rule.obligations) {
        if !all.iter().any(|other| other.kind == one.kind && other.detail == one.detail) {
            all.push(one.clone());
        }
    }
    all
}

fn denial(forbids: &[(&PolicyId, &Rule)]) -> Problem {
    if forbids.is_empty() {
        return problem("policy-denied", "no policy permits this");
    }
    let ids: Vec<String> = forbids.iter().map(|(id, _)| format!("`{id}`")).collect();
    let why = forbids.iter().find_map(|(_, rule)| rule.reason.as_deref()).unwrap_or("a policy forbids this");
    problem("policy-denied", format!("{why} ({})", ids.join(", ")))
}
