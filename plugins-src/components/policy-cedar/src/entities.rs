//! Callers and actions as Cedar entities, joined with those that the operator wrote.

use crate::callers::Known;
use crate::values::{record, text, texts};
use cedar_policy::entities_errors::EntitiesError;
use cedar_policy::{
    Entities, Entity, EntityAttrEvaluationError, EntityId, EntityTypeName, EntityUid, RestrictedExpression, Schema,
};
use mcpg_sdk::{Map, Problem, Value, problem};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::str::FromStr;

type Attributes = HashMap<String, RestrictedExpression>;

/// Schema `caller`.
#[derive(Deserialize)]
pub struct Caller<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    trust: Cow<'a, str>,
    #[serde(borrow, default)]
    how: How<'a>,
    #[serde(borrow, default)]
    issuer: Cow<'a, str>,
    #[serde(borrow, default)]
    tenant: Cow<'a, str>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    attributes: Map<String, Value>,
}

#[derive(Deserialize, Default)]
struct How<'a> {
    #[serde(borrow, default)]
    credential: Cow<'a, str>,
    #[serde(borrow, default)]
    plugin: Cow<'a, str>,
}

/// Schema `action`.
#[derive(Deserialize)]
pub struct Action<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    backend: Cow<'a, str>,
    #[serde(borrow, default)]
    upstream: Cow<'a, str>,
    #[serde(default)]
    annotations: Map<String, Value>,
    #[serde(borrow, default)]
    era: Cow<'a, str>,
    /// Not there when the question is what a caller may see.
    #[serde(default)]
    pub arguments: Option<Map<String, Value>>,
}

impl Action<'_> {
    /// Whether it is a notification about a call that is permitted already: that needs no permit of its own.
    pub fn is_notice(&self) -> bool {
        self.method.starts_with("notifications/")
    }

    /// Returns the context of a request with these arguments.
    pub fn context(&self, arguments: RestrictedExpression) -> Vec<(String, RestrictedExpression)> {
        vec![("arguments".into(), arguments), ("era".into(), text(&self.era))]
    }
}

/// Returns the action's entity, named by its MCP method.
pub fn action_uid(action: &Action) -> EntityUid {
    uid(&TYPES.with(|types| types.action.clone()), &action.method)
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

struct Types {
    action: EntityTypeName,
    caller: EntityTypeName,
    group: EntityTypeName,
    role: EntityTypeName,
    tool: EntityTypeName,
    prompt: EntityTypeName,
    resource: EntityTypeName,
    template: EntityTypeName,
    method: EntityTypeName,
}

thread_local! {
    static TYPES: Types = {
        let named = |name: &str| EntityTypeName::from_str(&format!("Mcpg::{name}")).expect("a name");
        Types {
            action: named("Action"), caller: named("Caller"), group: named("Group"), role: named("Role"),
            tool: named("Tool"), prompt: named("Prompt"), resource: named("Resource"),
            template: named("ResourceTemplate"), method: named("Method"),
        }
    };
}

/// What the operator and the schema say of entities, whoever asks.
pub struct World {
    known: Entities,
}

impl World {
    /// Returns the world; fails with `bad-config` on entities that are none.
    pub fn new(written: Option<Value>, schema: Option<&Schema>) -> Result<Self, Problem> {
        let bad = |e: &dyn std::fmt::Display| problem("bad-config", format!("`entities`: {e}"));
        let known = match written {
            Some(json) => Entities::from_json_value(json, None).map_err(|e| bad(&e))?,
            None => Entities::empty(),
        };
        let Some(schema) = schema else { return Ok(World { known }) };
        let actions = schema.action_entities().map_err(|e| bad(&e))?;
        let known = known.add_entities(actions, None).map_err(|e| bad(&e))?;
        Ok(World { known })
    }

    /// Returns what is known, and one entity more.
    pub fn and(&self, entity: Entity) -> Result<Entities, Box<EntitiesError>> {
        self.known.clone().upsert_entities([entity], None).map_err(Box::new)
    }

    /// Returns the entities of one question of a caller.
    pub fn with(&self, caller: &Known, resource: Entity) -> Result<Entities, Box<EntitiesError>> {
        let entities = caller.entities.clone();
        let written = !self.known.is_empty() && self.known.get(&resource.uid()).is_some();
        let joined =
            if written { entities.upsert_entities([resource], None) } else { entities.add_entities([resource], None) };
        joined.map_err(Box::new)
    }

    /// Returns the caller as an entity.
    pub fn principal(&self, caller: &Caller) -> Result<Entity, Box<EntityAttrEvaluationError>> {
        let named = [
            ("id", text(&caller.id)),
            ("kind", text(&caller.kind)),
            ("trust", text(&caller.trust)),
            ("credential", text(&caller.how.credential)),
            ("plugin", text(&caller.how.plugin)),
            ("issuer", text(&caller.issuer)),
            ("tenant", text(&caller.tenant)),
            ("groups", texts(&caller.groups)),
            ("roles", texts(&caller.roles)),
            ("scopes", texts(&caller.scopes)),
            ("attributes", record(Some(&caller.attributes))),
        ];
        let (me, parents) = TYPES.with(|types| {
            let groups = caller.groups.iter().map(|group| uid(&types.group, group));
            let roles = caller.roles.iter().map(|role| uid(&types.role, role));
            (uid(&types.caller, &caller.id), groups.chain(roles).collect())
        });
        self.entity(me, attributes(named), parents)
    }

    /// Returns what an action is about as an entity.
    pub fn resource(&self, action: &Action) -> Result<Entity, Box<EntityAttrEvaluationError>> {
        let named = [
            ("name", text(&action.name)),
            ("backend", text(&action.backend)),
            ("upstream", text(&action.upstream)),
            ("annotations", record(Some(&action.annotations))),
        ];
        let it = TYPES.with(|types| {
            let kind = match &*action.kind {
                "tool" => &types.tool,
                "prompt" => &types.prompt,
                "resource" => &types.resource,
                "template" => &types.template,
                _ => &types.method,
            };
            uid(kind, &action.name)
        });
        self.entity(it, attributes(named), HashSet::new())
    }

    /// Joins an entity with what the operator wrote of it; where both speak, the host's word counts.
    fn entity(
        &self,
        uid: EntityUid,
        mut attributes: Attributes,
        mut parents: HashSet<EntityUid>,
    ) -> Result<Entity, Box<EntityAttrEvaluationError>> {
        if let Some(known) = self.known.get(&uid) {
            let (_, more, ancestors) = known.clone().into_inner();
            for (name, value) in more {
                attributes.entry(name).or_insert(value);
            }
            parents.extend(ancestors);
        }
        Entity::new(uid, attributes, parents).map_err(Box::new)
    }
}

fn attributes<const N: usize>(named: [(&str, RestrictedExpression); N]) -> Attributes {
    named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
