//! Callers as Cedar knows them, kept by the exact text of their document: the same text always means the same entities.

use crate::entities::{Caller, World};
use crate::unusable;
use cedar_policy::{Entities, EntityUid};
use mcpg_sdk::{Doc, Problem};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Callers that are kept; all are dropped when there are more.
const MOST: usize = 128;

/// A caller, and all entities that hold whatever it asks for.
pub struct Known {
    /// The caller's entity.
    pub principal: EntityUid,
    /// The caller, and what the operator and the schema say.
    pub entities: Entities,
}

/// The callers that this instance has met of late.
#[derive(Default)]
pub struct Callers(Mutex<HashMap<String, Arc<Known>>>);

impl Callers {
    /// Returns a caller by its document; fails with `bad-document` and `policy-error`.
    pub fn known(&self, caller: Doc, world: &World) -> Result<Arc<Known>, Problem> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(caller.0) {
            return Ok(known.clone());
        }
        let principal = world.principal(&caller.read::<Caller>()?).map_err(unusable)?;
        let uid = principal.uid();
        let known = Arc::new(Known { principal: uid, entities: world.and(principal).map_err(unusable)? });
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(caller.0.to_owned(), known.clone());
        Ok(known)
    }
}
