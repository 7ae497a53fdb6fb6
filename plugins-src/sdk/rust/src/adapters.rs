//! The exports of each world, written once for all plugins of its kind: one driver serves all eight.

use crate::bindings::types::{Problem, Reply};
use crate::bindings::{backend, catalog, credential, identity, lifecycle, limit, policy, sink, transform};
use crate::document::Doc;
use crate::kinds::{
    Adapter, Backend, Catalog, Change, Charge, Credential, Delivery, Finding, Held, Identity, Issue, Limit, Plan,
    Policy, Progress, Sink, Transform, Verdict,
};
use crate::run::End;
use backend::exports::mcpg::plugin::backend::{Listing, Progress as BackendAnswer};
use credential::exports::mcpg::plugin::credential::Issue as CredentialAnswer;
use identity::exports::mcpg::plugin::identity::Finding as IdentityAnswer;
use limit::exports::mcpg::plugin::limit::Plan as LimitAnswer;
use policy::exports::mcpg::plugin::policy::{Sight, Verdict as PolicyAnswer};
use sink::exports::mcpg::plugin::sink::Delivery as SinkAnswer;
use transform::exports::mcpg::plugin::transform::Change as TransformAnswer;

impl<T: Held> lifecycle::exports::mcpg::plugin::lifecycle::Guest for Adapter<T> {
    fn configure(config: String) -> Result<(), Problem> {
        T::configure(config)
    }
}

impl<T: Held + Identity> identity::exports::mcpg::plugin::identity::Guest for Adapter<T> {
    fn identify(request: String, replies: Vec<Reply>) -> IdentityAnswer {
        match T::pass(replies, |it, run| it.identify(run, Doc(&request))) {
            End::Done(Finding::Caller(caller)) => IdentityAnswer::Caller(caller.0),
            End::Done(Finding::Abstain) => IdentityAnswer::Abstain,
            End::Done(Finding::Reject(problem)) => IdentityAnswer::Reject(problem),
            End::Failed(problem) => IdentityAnswer::Failed(problem),
            End::Perform(effects) => IdentityAnswer::Perform(effects),
        }
    }
}

impl<T: Held + Policy> policy::exports::mcpg::plugin::policy::Guest for Adapter<T> {
    fn decide(caller: String, action: String, replies: Vec<Reply>) -> PolicyAnswer {
        match T::pass(replies, |it, run| it.decide(run, Doc(&caller), Doc(&action))) {
            End::Done(Verdict::Permit(obligations)) => PolicyAnswer::Permit(obligations),
            End::Done(Verdict::Deny(problem)) => PolicyAnswer::Deny(problem),
            End::Done(Verdict::Abstain) => PolicyAnswer::Abstain,
            End::Failed(problem) => PolicyAnswer::Failed(problem),
            End::Perform(effects) => PolicyAnswer::Perform(effects),
        }
    }

    fn see(caller: String, actions: String, replies: Vec<Reply>) -> Sight {
        match T::pass(replies, |it, run| it.see(run, Doc(&caller), Doc(&actions))) {
            End::Done(letters) => Sight::Seen(letters),
            End::Failed(problem) => Sight::Failed(problem),
            End::Perform(effects) => Sight::Perform(effects),
        }
    }
}

impl<T: Held + Limit> limit::exports::mcpg::plugin::limit::Guest for Adapter<T> {
    fn reserve(caller: String, action: String) -> LimitAnswer {
        match T::get().and_then(|it| it.reserve(Doc(&caller), Doc(&action))) {
            Ok(Plan::Charge(charges)) => LimitAnswer::Charge(charges),
            Ok(Plan::Deny(problem)) => LimitAnswer::Deny(problem),
            Err(problem) => LimitAnswer::Failed(problem),
        }
    }

    fn settle(caller: String, action: String, outcome: String) -> Result<Vec<Charge>, Problem> {
        T::get()?.settle(Doc(&caller), Doc(&action), Doc(&outcome))
    }
}

fn change(end: End<Change>) -> TransformAnswer {
    match end {
        End::Done(Change::Unchanged) => TransformAnswer::Unchanged,
        End::Done(Change::Changed(document)) => TransformAnswer::Changed(document.0),
        End::Done(Change::Deny(problem)) => TransformAnswer::Deny(problem),
        End::Failed(problem) => TransformAnswer::Failed(problem),
        End::Perform(effects) => TransformAnswer::Perform(effects),
    }
}

impl<T: Held + Transform> transform::exports::mcpg::plugin::transform::Guest for Adapter<T> {
    fn before(caller: String, call: String, replies: Vec<Reply>) -> TransformAnswer {
        change(T::pass(replies, |it, run| it.before(run, Doc(&caller), Doc(&call))))
    }

    fn after(caller: String, call: String, outcome: String, replies: Vec<Reply>) -> TransformAnswer {
        change(T::pass(replies, |it, run| it.after(run, Doc(&caller), Doc(&call), Doc(&outcome))))
    }
}

impl<T: Held + Backend> backend::exports::mcpg::plugin::backend::Guest for Adapter<T> {
    fn describe(replies: Vec<Reply>) -> Listing {
        match T::pass(replies, |it, run| it.describe(run)) {
            End::Done(catalog) => Listing::Catalog(catalog.0),
            End::Failed(problem) => Listing::Failed(problem),
            End::Perform(effects) => Listing::Perform(effects),
        }
    }

    fn call(caller: String, call: String, replies: Vec<Reply>) -> BackendAnswer {
        match T::pass(replies, |it, run| it.call(run, Doc(&caller), Doc(&call))) {
            End::Done(Progress::Done(result)) => BackendAnswer::Done(result.0),
            End::Done(Progress::Ask(ask)) => BackendAnswer::Ask(ask.0),
            End::Failed(problem) => BackendAnswer::Failed(problem),
            End::Perform(effects) => BackendAnswer::Perform(effects),
        }
    }
}

impl<T: Held + Catalog> catalog::exports::mcpg::plugin::catalog::Guest for Adapter<T> {
    fn shape(caller: String, catalog: String) -> Result<String, Problem> {
        T::get()?.shape(Doc(&caller), Doc(&catalog)).map(|shaped| shaped.0)
    }
}

impl<T: Held + Credential> credential::exports::mcpg::plugin::credential::Guest for Adapter<T> {
    fn issue_for(caller: String, target: String, replies: Vec<Reply>) -> CredentialAnswer {
        match T::pass(replies, |it, run| it.issue_for(run, Doc(&caller), &target)) {
            End::Done(Issue::Issued(credential)) => CredentialAnswer::Issued(credential.0),
            End::Done(Issue::Deny(problem)) => CredentialAnswer::Deny(problem),
            End::Failed(problem) => CredentialAnswer::Failed(problem),
            End::Perform(effects) => CredentialAnswer::Perform(effects),
        }
    }
}

impl<T: Held + Sink> sink::exports::mcpg::plugin::sink::Guest for Adapter<T> {
    fn deliver(batch: String, replies: Vec<Reply>) -> SinkAnswer {
        match T::pass(replies, |it, run| it.deliver(run, Doc(&batch))) {
            End::Done(Delivery::Delivered) => SinkAnswer::Delivered,
            End::Done(Delivery::Retry(problem)) => SinkAnswer::Retry(problem),
            End::Failed(problem) => SinkAnswer::Failed(problem),
            End::Perform(effects) => SinkAnswer::Perform(effects),
        }
    }
}
