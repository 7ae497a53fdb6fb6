//! The four lists of an upstream, page by page, and how they are shown. Members that we do not know stay.

use crate::Mcp;
use crate::calls::told;
use mcpg_sdk::{Doc, Effect, Map, Problem, Run, Stop, Value, json, problem};

const METHOD_NOT_FOUND: i64 = -32601;
/// Rounds of pages, and effects for them; the host allows 64 passes and 256 effects.
const MOST_ROUNDS: usize = 60;
const MOST_PAGES: usize = 250;

/// A list: the method that gives it, the member of the result, and where it goes in the catalog.
struct List {
    method: &'static str,
    member: &'static str,
    place: &'static str,
    entries: Vec<Value>,
    cursor: Option<Value>,
    more: bool,
}

/// Returns a catalog with everything the upstream lists; fails with `mcp-error`, `catalog-too-large`, or as the driver.
pub fn fetch(run: &mut Run, effect: impl Fn(&str, Value) -> Effect) -> Result<Value, Stop> {
    let list = |method, member, place| List { method, member, place, entries: vec![], cursor: None, more: true };
    let mut lists = [
        list("tools/list", "tools", "tools"),
        list("prompts/list", "prompts", "prompts"),
        list("resources/list", "resources", "resources"),
        list("resources/templates/list", "resourceTemplates", "templates"),
    ];
    let mut pages = 0;
    for _ in 0..MOST_ROUNDS {
        let open: Vec<&mut List> = lists.iter_mut().filter(|list| list.more).collect();
        pages += open.len();
        if open.is_empty() {
            let catalog = lists.into_iter().map(|list| (list.place.to_owned(), Value::Array(list.entries)));
            return Ok(Value::Object(catalog.collect()));
        }
        if pages > MOST_PAGES {
            break;
        }
        let asked = open.iter().map(|list| effect(list.method, list.params())).collect();
        for (list, reply) in open.into_iter().zip(run.all_of(asked)?) {
            list.take(&reply?)?;
        }
    }
    Err(problem("catalog-too-large", format!("the upstream lists more than {MOST_ROUNDS} pages")).into())
}

impl List {
    fn params(&self) -> Value {
        self.cursor.as_ref().map_or_else(|| json!({}), |cursor| json!({"cursor": cursor}))
    }

    /// A server that does not know a list, or cannot give one that is not of tools, has none.
    fn take(&mut self, reply: &str) -> Result<(), Problem> {
        let mut reply = Doc(reply).value().map_err(|e| problem("bad-reply", e.message))?;
        self.more = false;
        if let Some(error) = reply.get("error").filter(|error| !error.is_null()) {
            let unknown = error["code"].as_i64() == Some(METHOD_NOT_FOUND) || self.method != "tools/list";
            return if unknown { Ok(()) } else { Err(problem("mcp-error", told(error))) };
        }
        let Some(result) = reply.get_mut("result").and_then(Value::as_object_mut) else {
            return Err(problem("bad-reply", format!("the upstream answered `{}` without a result", self.method)));
        };
        if let Some(Value::Array(entries)) = result.remove(self.member) {
            self.entries.extend(entries);
        }
        let next = result.remove("nextCursor").unwrap_or_default();
        self.more = next.is_string() && self.cursor.as_ref() != Some(&next);
        self.cursor = Some(next);
        Ok(())
    }
}

/// Returns the catalog with the names that we give, the upstream's own as `target`, and without what is not wanted.
pub fn shown(mut catalog: Value, mcp: &Mcp) -> Value {
    for place in ["tools", "prompts"] {
        entries(&mut catalog, place, |entry| {
            let name = entry.get("name")?.as_str()?.to_owned();
            entry.insert("name".into(), mcp.prefixed(&name).into());
            entry.insert("target".into(), name.as_str().into());
            mcp.takes(&[&name]).then_some(())
        });
    }
    for (place, key) in [("resources", "uri"), ("templates", "uriTemplate")] {
        entries(&mut catalog, place, |entry| {
            let uri = entry.get(key)?.as_str()?.to_owned();
            let name = entry.get("name").and_then(Value::as_str).unwrap_or(&uri).to_owned();
            entry.entry("name").or_insert_with(|| name.as_str().into());
            mcp.takes(&[&name, &uri]).then_some(())
        });
    }
    catalog
}

/// Keeps the entries of a list for which `keep` says so; what is no object or lacks its name is left out.
fn entries(catalog: &mut Value, place: &str, keep: impl Fn(&mut Map<String, Value>) -> Option<()>) {
    if let Some(list) = catalog.get_mut(place).and_then(Value::as_array_mut) {
        list.retain_mut(|entry| entry.as_object_mut().is_some_and(|entry| keep(entry).is_some()));
    }
}
