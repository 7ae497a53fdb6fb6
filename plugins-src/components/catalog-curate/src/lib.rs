//! Hides, renames and describes what callers are shown. It is no access control: what is hidden can still be policy's.

mod rule;

use mcpg_sdk::{Catalog, Doc, Json, Map, Plugin, Problem, Value, json, read_config};
use rule::{Kind, Rule};
use serde::Deserialize;
use std::collections::HashSet;

#[derive(Deserialize)]
struct Curate {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Caller {
    #[serde(default)]
    groups: Vec<String>,
}

impl Plugin for Curate {
    fn new(config: Value) -> Result<Self, Problem> {
        let curate: Curate = read_config(config)?;
        curate.rules.iter().enumerate().try_for_each(|(place, rule)| rule.check(place))?;
        Ok(curate)
    }
}

impl Catalog for Curate {
    fn shape(&self, caller: Doc, catalog: Doc) -> Result<Json, Problem> {
        let Caller { groups } = caller.read()?;
        let rules: Vec<&Rule> = self.rules.iter().filter(|rule| rule.is_for(&groups)).collect();
        let mut catalog = catalog.value()?;
        for kind in Kind::ALL {
            if let Some(entries) = catalog.get_mut(kind.place()).and_then(Value::as_array_mut) {
                shape_list(entries, kind, &rules);
            }
        }
        Ok(catalog.into())
    }
}

fn shape_list(entries: &mut Vec<Value>, kind: Kind, rules: &[&Rule]) {
    let mut taken: HashSet<String> = entries.iter().filter_map(|entry| Some(kind.name_of(entry)?.to_owned())).collect();
    entries.retain_mut(|entry| {
        let Some(name) = kind.name_of(entry).map(str::to_owned) else { return false };
        let label = entry["name"].as_str().unwrap_or_default().to_owned();
        let Some(entry) = entry.as_object_mut() else { return false };
        rules
            .iter()
            .filter(|rule| rule.speaks_of(kind, &name, &label))
            .all(|rule| apply(rule, kind, entry, &name, &mut taken))
    });
}

/// Applies a rule to an entry; says whether it is still shown. A new name that is taken is not given.
fn apply(rule: &Rule, kind: Kind, entry: &mut Map<String, Value>, name: &str, taken: &mut HashSet<String>) -> bool {
    if rule.hide {
        return false;
    }
    if let Some(new) = rule.rename.as_ref().map(|template| template.replace("{name}", name)) {
        let free = !kind.is_named_by_clients() || taken.insert(new.clone());
        if free {
            entry.insert("name".into(), json!(new));
        }
    }
    for (member, text) in [("title", &rule.title), ("description", &rule.description)] {
        if let Some(text) = text {
            entry.insert(member.into(), json!(text));
        }
    }
    if !rule.annotations.is_empty() {
        let shown = entry.entry("annotations").or_insert_with(|| json!({}));
        if let Some(shown) = shown.as_object_mut() {
            shown.extend(rule.annotations.clone());
        }
    }
    true
}

mcpg_sdk::catalog!(Curate);

#[cfg(test)]
mod tests;
