//! One rule: which entries it speaks of, for whom, and what it does to them.

use mcpg_sdk::{Map, Problem, Value, matches_any, problem};
use serde::Deserialize;

/// A list of the catalog.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Tool,
    Prompt,
    Resource,
    Template,
}

impl Kind {
    /// All lists.
    pub const ALL: [Kind; 4] = [Kind::Tool, Kind::Prompt, Kind::Resource, Kind::Template];

    /// Returns the member of the catalog that holds the list.
    pub fn place(self) -> &'static str {
        match self {
            Kind::Tool => "tools",
            Kind::Prompt => "prompts",
            Kind::Resource => "resources",
            Kind::Template => "templates",
        }
    }

    /// Returns what clients call an entry by.
    pub fn name_of(self, entry: &Value) -> Option<&str> {
        let member = match self {
            Kind::Tool | Kind::Prompt => "name",
            Kind::Resource => "uri",
            Kind::Template => "uriTemplate",
        };
        entry.get(member)?.as_str()
    }

    /// Whether `name` is what clients call an entry by, and so must be unique.
    pub fn is_named_by_clients(self) -> bool {
        matches!(self, Kind::Tool | Kind::Prompt)
    }
}

/// A rule as the operator writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    #[serde(default)]
    tools: Vec<String>,
    #[serde(default)]
    prompts: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    except_groups: Vec<String>,
    #[serde(default)]
    pub hide: bool,
    pub rename: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    pub annotations: Map<String, Value>,
}

impl Rule {
    /// Fails with `bad-config` on a rule that speaks of nothing or gives many entries one name.
    pub fn check(&self, place: usize) -> Result<(), Problem> {
        let bad = |what: &str| Err(problem("bad-config", format!("`rules[{place}]` {what}")));
        let patterns: Vec<&String> = self.tools.iter().chain(&self.prompts).chain(&self.resources).collect();
        if patterns.is_empty() {
            return bad("names no tools, prompts or resources");
        }
        let many = patterns.len() > 1 || patterns.iter().any(|pattern| pattern.contains(['*', '?']));
        if many && self.rename.as_ref().is_some_and(|name| !name.contains("{name}")) {
            return bad("gives several entries one name: write `{name}` where the old one should stand");
        }
        Ok(())
    }

    /// Whether the rule is for a caller in these groups.
    pub fn is_for(&self, groups: &[String]) -> bool {
        let among = |listed: &[String]| groups.iter().any(|group| listed.contains(group));
        (self.groups.is_empty() || among(&self.groups)) && !among(&self.except_groups)
    }

    /// Whether the rule speaks of an entry. Resources may be named by URI or by name.
    pub fn speaks_of(&self, kind: Kind, name: &str, label: &str) -> bool {
        match kind {
            Kind::Tool => matches_any(&self.tools, name),
            Kind::Prompt => matches_any(&self.prompts, name),
            Kind::Resource | Kind::Template => {
                matches_any(&self.resources, name) || matches_any(&self.resources, label)
            }
        }
    }
}
