//! Cuts the texts of results to a length. It leaves arguments, and all that is no text, as they are.

use mcpg_sdk::documents::Outcome;
use mcpg_sdk::{Change, Doc, Plugin, Problem, Run, Stop, Transform, Value, json, read_config};
use serde::Deserialize;

mcpg_sdk::manifest!({{manifest}});

#[derive(Deserialize)]
struct {{ident}} {
    max_chars: usize,
}

impl Plugin for {{ident}} {
    fn new(config: Value) -> Result<Self, Problem> {
        read_config(config)
    }
}

impl Transform for {{ident}} {
    /// Rewrites the result of a call; `before` would rewrite its arguments, and leaves them alone if it is not written.
    fn after(
        &self,
        _run: &mut Run,
        _caller: Doc,
        _call: Doc,
        outcome: Doc,
    ) -> Result<Change, Stop> {
        let outcome: Outcome = outcome.read()?;
        let Some(mut result) = outcome.result else {
            return Ok(Change::Unchanged);
        };
        let mut changed = false;
        let items = result.get_mut("content").and_then(Value::as_array_mut);
        for item in items.into_iter().flatten() {
            if let Some(cut) = item["text"].as_str().and_then(|text| self.cut(text)) {
                item["text"] = cut.into();
                changed = true;
            }
        }
        Ok(if changed {
            Change::to(json!(result))
        } else {
            Change::Unchanged
        })
    }
}

impl {{ident}} {
    /// The text cut to `max_chars` characters, if it has more.
    fn cut(&self, text: &str) -> Option<String> {
        let (end, _) = text.char_indices().nth(self.max_chars)?;
        Some(format!("{} [cut]", &text[..end]))
    }
}

mcpg_sdk::transform!({{ident}});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_not_bytes() {
        let plugin = {{ident}} { max_chars: 2 };
        assert_eq!(plugin.cut("äöü").unwrap(), "äö [cut]");
        assert_eq!(plugin.cut("äö"), None);
    }
}
