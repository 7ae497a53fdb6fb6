//! One trait for each kind of plugin, and the answers it may give.

use crate::document::{Doc, Json, problem};
use crate::run::{End, Run, Stop, drive};
use crate::types::{Charge, Obligation, Problem, Reply};
use serde_json::Value;
use std::fmt::Display;
use std::sync::OnceLock;

/// Every plugin: made once from its configuration.
pub trait Plugin: Sized + Send + Sync + 'static {
    /// Returns the plugin for a configuration that follows its manifest's schema; fails with `bad-config`.
    fn new(config: Value) -> Result<Self, Problem>;
}

/// What an identity plugin found.
#[derive(Debug)]
pub enum Finding {
    /// This caller, as schema `caller` has it.
    Caller(Json),
    /// No credential of my kind is here.
    Abstain,
    /// A credential of my kind is here and it is bad.
    Reject(Problem),
}

impl Finding {
    /// This caller, as schema `caller` has it.
    pub fn caller(caller: impl Into<Json>) -> Self {
        Finding::Caller(caller.into())
    }
    /// A credential of my kind is here and it is bad: the chain stops.
    pub fn reject(code: &str, message: impl Display) -> Self {
        Finding::Reject(problem(code, message))
    }
}

/// Who is calling?
pub trait Identity: Plugin {
    /// Judges schema `credentials`.
    fn identify(&self, run: &mut Run, request: Doc) -> Result<Finding, Stop>;
}

/// What a policy says.
#[derive(Debug)]
pub enum Verdict {
    /// Yes, and these things must be done.
    Permit(Vec<Obligation>),
    /// No.
    Deny(Problem),
    /// None of my rules speak of this action.
    Abstain,
}

impl Verdict {
    /// Yes, and nothing more has to be done.
    pub fn permit() -> Self {
        Verdict::Permit(Vec::new())
    }
    /// No, by rule.
    pub fn deny(code: &str, message: impl Display) -> Self {
        Verdict::Deny(problem(code, message))
    }
}

/// May this caller do this?
pub trait Policy: Plugin {
    /// Judges one action, schemas `caller` and `action`.
    fn decide(&self, run: &mut Run, caller: Doc, action: Doc) -> Result<Verdict, Stop>;
    /// Returns one letter for each of the actions: `p`, `d` or `a`.
    fn see(&self, run: &mut Run, caller: Doc, actions: Doc) -> Result<String, Stop>;
}

/// What an action costs.
#[derive(Debug)]
pub enum Plan {
    /// These charges, all or none.
    Charge(Vec<Charge>),
    /// It may not be paid for.
    Deny(Problem),
}

impl Plan {
    /// It may not be paid for.
    pub fn deny(code: &str, message: impl Display) -> Self {
        Plan::Deny(problem(code, message))
    }
}

/// What does it cost, and from which accounts?
pub trait Limit: Plugin {
    /// Says what to reserve before the call.
    fn reserve(&self, caller: Doc, action: Doc) -> Result<Plan, Problem>;
    /// Says what it really cost after the call.
    fn settle(&self, caller: Doc, action: Doc, outcome: Doc) -> Result<Vec<Charge>, Problem>;
}

/// What a transform did.
#[derive(Debug)]
pub enum Change {
    /// Nothing.
    Unchanged,
    /// This takes the place of the arguments or the result.
    Changed(Json),
    /// The call must not go on.
    Deny(Problem),
}

impl Change {
    /// This takes the place of the arguments or the result.
    pub fn to(document: impl Into<Json>) -> Self {
        Change::Changed(document.into())
    }
    /// The call must not go on.
    pub fn deny(code: &str, message: impl Display) -> Self {
        Change::Deny(problem(code, message))
    }
}

/// Rewrites what goes in or out.
pub trait Transform: Plugin {
    /// Rewrites the arguments of schema `call`.
    fn before(&self, run: &mut Run, caller: Doc, call: Doc) -> Result<Change, Stop> {
        let _ = (run, caller, call);
        Ok(Change::Unchanged)
    }
    /// Rewrites the result of schema `outcome`.
    fn after(&self, run: &mut Run, caller: Doc, call: Doc, outcome: Doc) -> Result<Change, Stop> {
        let _ = (run, caller, call, outcome);
        Ok(Change::Unchanged)
    }
}

/// How far a call has come.
#[derive(Debug)]
pub enum Progress {
    /// The result of the MCP method.
    Done(Json),
    /// Input that only the client can give, schema `ask`.
    Ask(Json),
}

impl Progress {
    /// Returns the answer that ends a call.
    pub fn done(result: impl Into<Json>) -> Self {
        Progress::Done(result.into())
    }
    /// Returns the answer that asks the client for input, schema `ask`.
    pub fn ask(ask: impl Into<Json>) -> Self {
        Progress::Ask(ask.into())
    }
}

/// Fulfils calls.
pub trait Backend: Plugin {
    /// Returns schema `catalog`; nothing unless the backend finds its tools itself.
    fn describe(&self, run: &mut Run) -> Result<Json, Stop> {
        let _ = run;
        Ok(Json("{}".into()))
    }
    /// Fulfils one call, schema `call`.
    fn call(&self, run: &mut Run, caller: Doc, call: Doc) -> Result<Progress, Stop>;
}

/// Shapes what a caller is shown.
pub trait Catalog: Plugin {
    /// Returns schema `catalog` as this caller should see it.
    fn shape(&self, caller: Doc, catalog: Doc) -> Result<Json, Problem>;
}

/// What a credential plugin gives.
#[derive(Debug)]
pub enum Issue {
    /// Schema `credential`.
    Issued(Json),
    /// Not for this caller or target.
    Deny(Problem),
}

impl Issue {
    /// Schema `credential`.
    pub fn issued(credential: impl Into<Json>) -> Self {
        Issue::Issued(credential.into())
    }
    /// Not for this caller or target.
    pub fn deny(code: &str, message: impl Display) -> Self {
        Issue::Deny(problem(code, message))
    }
}

/// Issues what an upstream wants to see.
pub trait Credential: Plugin {
    /// Issues a credential for a target of this caller.
    fn issue_for(&self, run: &mut Run, caller: Doc, target: &str) -> Result<Issue, Stop>;
}

/// How a batch fared.
#[derive(Debug)]
pub enum Delivery {
    /// It is there.
    Delivered,
    /// Try the same batch again later.
    Retry(Problem),
}

impl Delivery {
    /// Try the same batch again later.
    pub fn retry(code: &str, message: impl Display) -> Self {
        Delivery::Retry(problem(code, message))
    }
}

/// Carries records out.
pub trait Sink: Plugin {
    /// Delivers an array of schema `record`; a failure means that this batch can never be delivered.
    fn deliver(&self, run: &mut Run, batch: Doc) -> Result<Delivery, Stop>;
}

/// Where the one plugin of an instance stands; the macros write it.
#[doc(hidden)]
pub trait Held: Plugin {
    fn cell() -> &'static OnceLock<Self>;

    fn configure(config: String) -> Result<(), Problem> {
        let config = serde_json::from_str(&config).map_err(|e| problem("bad-config", e))?;
        let plugin = Self::new(config)?;
        Self::cell().set(plugin).map_err(|_| problem("bad-config", "the plugin is configured already"))
    }

    fn get() -> Result<&'static Self, Problem> {
        Self::cell().get().ok_or_else(|| problem("plugin-error", "the plugin is not configured"))
    }

    fn pass<T>(replies: Vec<Reply>, author: impl FnOnce(&Self, &mut Run) -> Result<T, Stop>) -> End<T> {
        match Self::get() {
            Ok(plugin) => drive(replies, |run| author(plugin, run)),
            Err(problem) => End::Failed(problem),
        }
    }
}
