//! The functions of each world, written once for all plugins of its kind: one driver serves all eight. The macros in
//! `export` give them their names. Tags are the places of cases in `wit/`.

use crate::abi::{Payload, Words, lower};
use crate::document::Doc;
use crate::kinds::{
    Backend, Catalog, Change, Credential, Delivery, Finding, Held, Identity, Issue, Limit, Plan, Policy, Progress,
    Sink, Transform, Verdict,
};
use crate::run::End;
use crate::types::{Charge, Problem, Reply};

type Answer = *const Words;

/// Lowers what a pass came to: `done` gives the tag of an author's answer, the others are the tags of these cases.
fn end<T>(end: End<T>, failed: usize, perform: usize, done: impl FnOnce(T) -> (usize, Payload)) -> Answer {
    let (tag, payload) = match end {
        End::Done(answer) => done(answer),
        End::Failed(problem) => (failed, problem.into()),
        End::Perform(effects) => (perform, effects.into()),
    };
    lower(tag, payload)
}

/// Lowers `result<..., problem>`.
fn result(result: Result<Payload, Problem>) -> Answer {
    match result {
        Ok(payload) => lower(0, payload),
        Err(problem) => lower(1, problem.into()),
    }
}

pub fn configure<T: Held>(config: String) -> Answer {
    result(T::configure(config).map(|()| Payload::Nothing))
}

pub fn identify<T: Held + Identity>(request: String, replies: Vec<Reply>) -> Answer {
    end(T::pass(replies, |it, run| it.identify(run, Doc(&request))), 3, 4, |finding| match finding {
        Finding::Caller(caller) => (0, Payload::Text(caller.0)),
        Finding::Abstain => (1, Payload::Nothing),
        Finding::Reject(problem) => (2, problem.into()),
    })
}

pub fn decide<T: Held + Policy>(caller: String, action: String, replies: Vec<Reply>) -> Answer {
    end(T::pass(replies, |it, run| it.decide(run, Doc(&caller), Doc(&action))), 3, 4, |verdict| match verdict {
        Verdict::Permit(obligations) => (0, obligations.into()),
        Verdict::Deny(problem) => (1, problem.into()),
        Verdict::Abstain => (2, Payload::Nothing),
    })
}

pub fn see<T: Held + Policy>(caller: String, actions: String, replies: Vec<Reply>) -> Answer {
    end(T::pass(replies, |it, run| it.see(run, Doc(&caller), Doc(&actions))), 1, 2, |letters| {
        (0, Payload::Text(letters))
    })
}

/// The numbers of charges fit into those that every language has.
const MOST: u64 = (1 << 53) - 1;

fn counted(charges: Vec<Charge>) -> Result<Vec<Charge>, Problem> {
    for Charge { account, cost, capacity, refill, window } in &charges {
        if [cost, capacity, refill, window].into_iter().any(|number| *number > MOST) {
            let message = format!("a number of the charge to `{}` is above 2^53 - 1", account.join("/"));
            return Err(Problem::new("plugin-error", message));
        }
    }
    Ok(charges)
}

pub fn reserve<T: Held + Limit>(caller: String, action: String) -> Answer {
    let plan = T::get().and_then(|it| it.reserve(Doc(&caller), Doc(&action)));
    let plan = plan.and_then(|plan| match plan {
        Plan::Charge(charges) => counted(charges).map(Plan::Charge),
        denied => Ok(denied),
    });
    match plan {
        Ok(Plan::Charge(charges)) => lower(0, Payload::Charges(charges)),
        Ok(Plan::Deny(problem)) => lower(1, problem.into()),
        Err(problem) => lower(2, problem.into()),
    }
}

pub fn settle<T: Held + Limit>(caller: String, action: String, outcome: String) -> Answer {
    let charges = T::get().and_then(|it| it.settle(Doc(&caller), Doc(&action), Doc(&outcome)));
    result(charges.and_then(counted).map(Payload::Charges))
}

fn change(pass: End<Change>) -> Answer {
    end(pass, 3, 4, |change| match change {
        Change::Unchanged => (0, Payload::Nothing),
        Change::Changed(document) => (1, Payload::Text(document.0)),
        Change::Deny(problem) => (2, problem.into()),
    })
}

pub fn before<T: Held + Transform>(caller: String, call: String, replies: Vec<Reply>) -> Answer {
    change(T::pass(replies, |it, run| it.before(run, Doc(&caller), Doc(&call))))
}

pub fn after<T: Held + Transform>(caller: String, call: String, outcome: String, replies: Vec<Reply>) -> Answer {
    change(T::pass(replies, |it, run| it.after(run, Doc(&caller), Doc(&call), Doc(&outcome))))
}

pub fn describe<T: Held + Backend>(replies: Vec<Reply>) -> Answer {
    end(T::pass(replies, |it, run| it.describe(run)), 1, 2, |catalog| (0, Payload::Text(catalog.0)))
}

pub fn call<T: Held + Backend>(caller: String, call: String, replies: Vec<Reply>) -> Answer {
    end(T::pass(replies, |it, run| it.call(run, Doc(&caller), Doc(&call))), 1, 2, |progress| match progress {
        Progress::Done(result) => (0, Payload::Text(result.0)),
        Progress::Ask(ask) => (3, Payload::Text(ask.0)),
    })
}

pub fn shape<T: Held + Catalog>(caller: String, catalog: String) -> Answer {
    let shaped = T::get().and_then(|it| it.shape(Doc(&caller), Doc(&catalog)));
    result(shaped.map(|shaped| Payload::Text(shaped.0)))
}

pub fn issue_for<T: Held + Credential>(caller: String, target: String, replies: Vec<Reply>) -> Answer {
    end(T::pass(replies, |it, run| it.issue_for(run, Doc(&caller), &target)), 2, 3, |issue| match issue {
        Issue::Issued(credential) => (0, Payload::Text(credential.0)),
        Issue::Deny(problem) => (1, problem.into()),
    })
}

pub fn deliver<T: Held + Sink>(batch: String, replies: Vec<Reply>) -> Answer {
    end(T::pass(replies, |it, run| it.deliver(run, Doc(&batch))), 2, 3, |delivery| match delivery {
        Delivery::Delivered => (0, Payload::Nothing),
        Delivery::Retry(problem) => (1, problem.into()),
    })
}

#[cfg(test)]
mod tests;
