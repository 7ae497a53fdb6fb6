//! Decides by Cedar policies. Whatever goes wrong while a policy is evaluated denies, although Cedar would skip it.
//!
//! The principal is `Mcpg::Caller`, a member of `Mcpg::Group`s and `Mcpg::Role`s; the action `Mcpg::Action`, named by
//! its MCP method; the resource `Mcpg::Tool`, `Mcpg::Prompt`, `Mcpg::Resource`, `Mcpg::ResourceTemplate` or
//! `Mcpg::Method`; the context holds `arguments` and `era`. `schema.cedarschema` beside this folder shows all.

mod answers;
mod callers;
mod entities;
mod rules;
mod values;

use callers::{Callers, Known};
use cedar_policy::{Authorizer, Context, Entities, Request, RestrictedExpression as Expression};
use entities::{Action, World};
use mcpg_sdk::{Doc, Plugin, Policy, Problem, Run, Stop, Value, Verdict, problem, read_config};
use rules::{File, Rules};
use serde::Deserialize;

#[derive(Deserialize)]
struct Config {
    policies: Vec<File>,
    schema: Option<File>,
    #[serde(default)]
    entities: Option<Value>,
}

struct Cedar {
    rules: Rules,
    world: World,
    callers: Callers,
    authorizer: Authorizer,
}

impl Plugin for Cedar {
    fn new(config: Value) -> Result<Self, Problem> {
        let Config { policies, schema, entities } = read_config(config)?;
        let schema = schema.as_ref().map(rules::schema).transpose()?;
        Ok(Cedar {
            rules: Rules::new(&policies, schema.as_ref())?,
            world: World::new(entities, schema.as_ref())?,
            callers: Callers::default(),
            authorizer: Authorizer::new(),
        })
    }
}

impl Policy for Cedar {
    fn decide(&self, _: &mut Run, caller: Doc, action: Doc) -> Result<Verdict, Stop> {
        let known = self.callers.known(caller, &self.world)?;
        let action: Action = action.read()?;
        let arguments = values::record(action.arguments.as_ref());
        let (request, entities) = self.ask(&known, &action, arguments)?;
        let response = self.authorizer.is_authorized(&request, &self.rules.set, &entities);
        Ok(answers::verdict(&self.rules, &response, action.is_notice()))
    }

    fn see(&self, _: &mut Run, caller: Doc, actions: Doc) -> Result<String, Stop> {
        let known = self.callers.known(caller, &self.world)?;
        let actions: Vec<Action> = actions.read()?;
        let mut letters = String::with_capacity(actions.len());
        for action in &actions {
            let (request, entities) = self.ask(&known, action, values::unknown("arguments"))?;
            let response = self.authorizer.is_authorized_partial(&request, &self.rules.set, &entities);
            letters.push(answers::letter(&response));
        }
        Ok(letters)
    }
}

impl Cedar {
    fn ask(&self, known: &Known, action: &Action, arguments: Expression) -> Result<(Request, Entities), Problem> {
        let resource = self.world.resource(action).map_err(unusable)?;
        let context = Context::from_pairs(action.context(arguments)).map_err(unusable)?;
        let principal = known.principal.clone();
        let request = Request::new(principal, entities::action_uid(action), resource.uid(), context, None);
        let entities = self.world.with(known, resource).map_err(unusable)?;
        Ok((request.map_err(unusable)?, entities))
    }
}

/// The host denies on a failure; what Cedar says of it may quote values, so it is not passed on.
pub(crate) fn unusable<E>(_: E) -> Problem {
    problem("policy-error", "the caller or the action cannot be carried to Cedar")
}

mcpg_sdk::policy!(Cedar);

#[cfg(test)]
mod tests;
