//! Goes through a JSON document and takes out what was found. It keeps the document's shape.

use crate::find::Finder;
use mcpg_sdk::{Map, Value};

/// JSON in a text in a JSON document: this deep it is read, and no deeper.
const MOST_TEXTS: usize = 4;

/// What is taken out, and what is left alone. Names are in lower case.
pub struct Redactor {
    pub finders: Vec<Finder>,
    pub members: Vec<String>,
    pub keep: Vec<String>,
}

impl Redactor {
    /// Redacts any document, and says whether it did.
    pub fn document(&self, value: &mut Value) -> bool {
        self.value(value, 0)
    }

    /// Redacts a result of MCP: the bytes of pictures, sound and blobs stay as they are.
    pub fn result(&self, result: &mut Value) -> bool {
        let mut bytes = Vec::new();
        let items = || ["content", "contents"].into_iter();
        for list in items() {
            for item in result.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                bytes.push(take_bytes(item));
            }
        }
        let changed = self.document(result);
        let mut bytes = bytes.into_iter();
        for list in items() {
            for item in result.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some((pointer, value)) = bytes.next().flatten()
                    && let Some(place) = item.pointer_mut(pointer)
                {
                    *place = value;
                }
            }
        }
        changed
    }

    fn value(&self, value: &mut Value, texts: usize) -> bool {
        match value {
            Value::String(text) => match self.text(text, texts) {
                Some(redacted) => {
                    *text = redacted;
                    true
                }
                None => false,
            },
            Value::Number(number) => match self.plain(&number.to_string()) {
                Some(redacted) => {
                    *value = redacted.into();
                    true
                }
                None => false,
            },
            Value::Array(items) => items.iter_mut().fold(false, |changed, item| self.value(item, texts) | changed),
            Value::Object(members) => self.members(members, texts),
            Value::Null | Value::Bool(_) => false,
        }
    }

    fn members(&self, members: &mut Map<String, Value>, texts: usize) -> bool {
        let mut changed = false;
        for (name, value) in members.iter_mut() {
            let lower = name.to_lowercase();
            if self.members.contains(&lower) {
                changed |= take_out(value, "[redacted]");
            } else if !self.keep.contains(&lower) {
                changed |= self.value(value, texts);
            }
        }
        if members.keys().any(|name| self.plain(name).is_some()) {
            *members = self.renamed(std::mem::take(members));
            changed = true;
        }
        changed
    }

    /// Names of members can be addresses, too; two that become alike are numbered.
    fn renamed(&self, members: Map<String, Value>) -> Map<String, Value> {
        let mut renamed = Map::new();
        for (name, value) in members {
            let base = self.plain(&name).unwrap_or(name);
            let mut free = base.clone();
            let mut number = 2;
            while renamed.contains_key(&free) {
                free = format!("{base} {number}");
                number += 1;
            }
            renamed.insert(free, value);
        }
        renamed
    }

    /// A text that is JSON is read as such, so that no escape hides anything and members have names.
    fn text(&self, text: &str, texts: usize) -> Option<String> {
        if texts < MOST_TEXTS
            && text.trim_start().starts_with(['{', '['])
            && let Ok(mut inside) = text.parse::<Value>()
        {
            return self.value(&mut inside, texts + 1).then(|| inside.to_string());
        }
        self.plain(text)
    }

    /// Returns the text with everything taken out that was found, if anything was.
    fn plain(&self, text: &str) -> Option<String> {
        let mut redacted: Option<String> = None;
        for finder in &self.finders {
            let now = redacted.as_deref().unwrap_or(text);
            let found = finder.find(now);
            if found.is_empty() {
                continue;
            }
            let mut out = String::with_capacity(now.len());
            let mut at = 0;
            for range in found {
                out.push_str(&now[at..range.start]);
                out.push_str(&format!("[{}]", finder.kind.name()));
                at = range.end;
            }
            out.push_str(&now[at..]);
            redacted = Some(out);
        }
        redacted
    }
}

/// Null stays null, for it tells nothing.
fn take_out(value: &mut Value, replacement: &str) -> bool {
    if value.is_null() || value == replacement {
        return false;
    }
    *value = replacement.into();
    true
}

/// Takes the bytes out of an item, for a while, and says where they stood.
fn take_bytes(item: &mut Value) -> Option<(&'static str, Value)> {
    let pointer = match item["type"].as_str() {
        Some("image" | "audio") => "/data",
        Some("resource") => "/resource/blob",
        Some(_) => return None,
        None => "/blob", // an item of `resources/read` has no type
    };
    Some((pointer, item.pointer_mut(pointer)?.take()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::Kind;
    use mcpg_sdk::json;

    fn redactor() -> Redactor {
        let finders = Kind::ALL.into_iter().map(|kind| Finder::new(kind).unwrap()).collect();
        Redactor { finders, members: vec!["ssn".into()], keep: vec!["to".into()] }
    }

    #[test]
    fn members_texts_numbers_and_names_are_looked_at() {
        let mut document = json!({
            "SSN": {"a": 1}, "to": "ana@example.org", "n": 4111111111111111_u64, "x": [null, "call +49 30 901820"],
            "a@example.org": 1, "b@example.org": 2,
        });
        assert!(redactor().document(&mut document));
        assert_eq!(
            document,
            json!({
                "SSN": "[redacted]", "to": "ana@example.org", "n": "[card]", "x": [null, "call [phone]"],
                "[email]": 1, "[email] 2": 2,
            })
        );
        assert!(!redactor().document(&mut document), "nothing is left");
    }

    #[test]
    fn json_in_texts_is_read() {
        let mut document = json!([r#"{"mail": "ana\u0040example.org", "ssn": 1}"#, "[not json ana@example.org"]);
        assert!(redactor().document(&mut document));
        assert_eq!(document, json!([r#"{"mail":"[email]","ssn":"[redacted]"}"#, "[not json [email]"]));
    }

    #[test]
    fn bytes_stay() {
        let image = json!({"type": "image", "data": "4111111111111111", "mimeType": "image/png"});
        let mut result = json!({"content": [image, {"type": "text", "text": "4111111111111111"}]});
        assert!(redactor().result(&mut result));
        assert_eq!(result["content"][0], image);
        assert_eq!(result["content"][1]["text"], "[card]");
    }
}
