//! Every answer has the tag that its case has in `wit/`.

use super::*;
use crate::abi::{ALONE, done};
use crate::run::{Run, Stop};
use crate::{Json, Plugin, json, problem};
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// A plugin of every kind that answers what `ANSWER` says, by the case's name in WIT.
struct Said;

static ANSWER: Mutex<&str> = Mutex::new("");

impl Plugin for Said {
    fn new(config: Value) -> Result<Self, Problem> {
        if config.is_null() { Err(problem("bad-config", "")) } else { Ok(Said) }
    }
}

impl Held for Said {
    fn cell() -> &'static OnceLock<Self> {
        static IT: OnceLock<Said> = OnceLock::new();
        &IT
    }
}

fn why() -> Problem {
    problem("code", "message")
}

/// Returns what was said, or what ends a pass instead.
fn said(run: Option<&mut Run>) -> Result<&'static str, Stop> {
    let answer = *ANSWER.lock().unwrap();
    match (answer, run) {
        ("failed", _) => Err(Stop::Failed(why())),
        ("perform", Some(run)) => run.http(json!({"url": "x"})).map(|_| answer),
        _ => Ok(answer),
    }
}

/// The same where there are no effects.
fn quiet() -> Result<&'static str, Problem> {
    said(None).map_err(|_| why())
}

fn document() -> Json {
    json!({}).into()
}

impl Identity for Said {
    fn identify(&self, run: &mut Run, _: Doc) -> Result<Finding, Stop> {
        Ok(match said(Some(run))? {
            "caller" => Finding::Caller(document()),
            "abstain" => Finding::Abstain,
            _ => Finding::Reject(why()),
        })
    }
}

impl Policy for Said {
    fn decide(&self, run: &mut Run, _: Doc, _: Doc) -> Result<Verdict, Stop> {
        Ok(match said(Some(run))? {
            "permit" => Verdict::permit(),
            "abstain" => Verdict::Abstain,
            _ => Verdict::Deny(why()),
        })
    }

    fn see(&self, run: &mut Run, _: Doc, _: Doc) -> Result<String, Stop> {
        said(Some(run)).map(Into::into)
    }
}

impl Limit for Said {
    fn reserve(&self, _: Doc, _: Doc) -> Result<Plan, Problem> {
        Ok(if quiet()? == "charge" { Plan::Charge(vec![Charge::default()]) } else { Plan::Deny(why()) })
    }

    fn settle(&self, _: Doc, _: Doc, _: Doc) -> Result<Vec<Charge>, Problem> {
        quiet().map(|_| Vec::new())
    }
}

impl Transform for Said {
    fn after(&self, run: &mut Run, _: Doc, _: Doc, _: Doc) -> Result<Change, Stop> {
        Ok(match said(Some(run))? {
            "unchanged" => Change::Unchanged,
            "changed" => Change::Changed(document()),
            _ => Change::Deny(why()),
        })
    }
}

impl Backend for Said {
    fn describe(&self, run: &mut Run) -> Result<Json, Stop> {
        said(Some(run)).map(|_| document())
    }

    fn call(&self, run: &mut Run, _: Doc, _: Doc) -> Result<Progress, Stop> {
        Ok(if said(Some(run))? == "ask" { Progress::Ask(document()) } else { Progress::Done(document()) })
    }
}

impl Catalog for Said {
    fn shape(&self, _: Doc, _: Doc) -> Result<Json, Problem> {
        quiet().map(|_| document())
    }
}

impl Credential for Said {
    fn issue_for(&self, run: &mut Run, _: Doc, _: &str) -> Result<Issue, Stop> {
        Ok(if said(Some(run))? == "issued" { Issue::Issued(document()) } else { Issue::Deny(why()) })
    }
}

impl Sink for Said {
    fn deliver(&self, run: &mut Run, _: Doc) -> Result<Delivery, Stop> {
        Ok(if said(Some(run))? == "delivered" { Delivery::Delivered } else { Delivery::Retry(why()) })
    }
}

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The names of a variant's cases, in the order in which `wit/` has them.
fn cases<'w>(wit: &'w str, variant: &str) -> Vec<&'w str> {
    let (_, rest) = wit.split_once(&format!("variant {variant} {{")).unwrap();
    let (body, _) = rest.split_once('}').unwrap();
    let lines = body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("///"));
    lines.map(|line| line.split(['(', ',']).next().unwrap()).collect()
}

#[test]
fn every_answer_has_the_tag_of_its_case() {
    let _alone = alone();
    let text = || String::from("{}");
    type Ask = fn(fn() -> String) -> Answer;
    let variants: [(&str, &str, Ask); 9] = [
        (include_str!("../../wit/identity.wit"), "finding", |t| identify::<Said>(t(), vec![])),
        (include_str!("../../wit/policy.wit"), "verdict", |t| decide::<Said>(t(), t(), vec![])),
        (include_str!("../../wit/policy.wit"), "sight", |t| see::<Said>(t(), t(), vec![])),
        (include_str!("../../wit/limit.wit"), "plan", |t| reserve::<Said>(t(), t())),
        (include_str!("../../wit/transform.wit"), "change", |t| after::<Said>(t(), t(), t(), vec![])),
        (include_str!("../../wit/backend.wit"), "listing", |_| describe::<Said>(vec![])),
        (include_str!("../../wit/backend.wit"), "progress", |t| call::<Said>(t(), t(), vec![])),
        (include_str!("../../wit/credential.wit"), "issue", |t| issue_for::<Said>(t(), t(), vec![])),
        (include_str!("../../wit/sink.wit"), "delivery", |t| deliver::<Said>(t(), vec![])),
    ];
    let _ = Said::configure("{}".into());
    for (wit, variant, ask) in variants {
        for (tag, case) in cases(wit, variant).into_iter().enumerate() {
            *ANSWER.lock().unwrap() = case;
            // SAFETY: nobody else answers meanwhile, so the answer is still there.
            assert_eq!(unsafe { (*ask(text))[0] }, tag, "{variant}: {case}");
        }
    }
    done();
}

#[test]
fn results_are_ok_or_a_problem() {
    let _alone = alone();
    let text = || String::from("{}");
    // SAFETY: nobody else answers meanwhile, so the answer is still there.
    let tag = |answer: Answer| unsafe { (*answer)[0] };
    assert_eq!(tag(configure::<Said>("null".into())), 1);
    let _ = Said::configure("{}".into());
    assert_eq!(tag(configure::<Said>("{}".into())), 1, "configured once");
    for (said, wanted) in [("ok", 0), ("failed", 1)] {
        *ANSWER.lock().unwrap() = said;
        assert_eq!(tag(settle::<Said>(text(), text(), text())), wanted);
        assert_eq!(tag(shape::<Said>(text(), text())), wanted);
    }
    assert_eq!(tag(before::<Said>(text(), text(), vec![])), 0, "what a transform does not write changes nothing");
    done();
}

#[test]
fn numbers_that_another_language_would_round_are_refused() {
    let charge = |cost| vec![Charge { account: vec!["a".into()], cost, ..Charge::default() }];
    assert!(counted(charge(MOST)).is_ok());
    assert_eq!(counted(charge(MOST + 1)).unwrap_err().code, "plugin-error");
}
