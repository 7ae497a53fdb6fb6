//! Hides tools by prefix, and puts a note behind the descriptions of the others. It leaves all else as it is.

use mcpg_sdk::{Catalog, Doc, Json, Plugin, Problem, Value, read_config};
use serde::Deserialize;

mcpg_sdk::manifest!({{manifest}});

#[derive(Deserialize)]
struct {{ident}} {
    #[serde(default)]
    hide: Vec<String>,
    #[serde(default)]
    note: String,
}

impl Plugin for {{ident}} {
    fn new(config: Value) -> Result<Self, Problem> {
        read_config(config)
    }
}

impl Catalog for {{ident}} {
    /// What a caller is shown.
    fn shape(&self, _caller: Doc, catalog: Doc) -> Result<Json, Problem> {
        let mut catalog = catalog.value()?;
        if let Some(tools) = catalog.get_mut("tools").and_then(Value::as_array_mut) {
            tools.retain(|tool| !self.hides(tool["name"].as_str().unwrap_or_default()));
            for tool in tools.iter_mut().filter(|_| !self.note.is_empty()) {
                let description = tool["description"].as_str().unwrap_or_default();
                tool["description"] = format!("{description}{}", self.note).into();
            }
        }
        Ok(catalog.into())
    }
}

impl {{ident}} {
    fn hides(&self, name: &str) -> bool {
        self.hide.iter().any(|prefix| name.starts_with(prefix))
    }
}

mcpg_sdk::catalog!({{ident}});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_prefixes_hide() {
        let plugin = {{ident}} {
            hide: vec!["internal-".into()],
            note: String::new(),
        };
        assert!(plugin.hides("internal-reset") && !plugin.hides("reset-internal-"));
    }
}
