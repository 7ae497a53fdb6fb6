//! Goes through documents and puts the replacement where something must not pass.

use crate::base64;
use crate::detect::Pattern;
use crate::fields::Field;
use mcpg_sdk::{Map, Value};
use std::ops::Range;

/// How deep JSON inside texts inside JSON is looked into.
const NESTING: usize = 4;

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In what MCP says of a result, whose keys are the protocol's.
    Envelope,
    /// In a document of the tool's own.
    Document,
}

/// What is taken out, and what stands there instead.
pub struct Redactor {
    pub fields: Vec<Field>,
    pub patterns: Vec<Pattern>,
    pub replacement: String,
}

impl Redactor {
    /// Takes the fields out of a document.
    pub fn take_fields(&self, document: &mut Value) -> bool {
        self.fields.iter().fold(false, |changed, field| field.take(document, &self.replacement) | changed)
    }

    /// Takes the fields out of the documents in an MCP result: its structured content, and each text that is JSON.
    pub fn take_fields_of_result(&self, result: &mut Value) -> bool {
        if self.fields.is_empty() {
            return false;
        }
        let mut changed = result.get_mut("structuredContent").is_some_and(|document| self.take_fields(document));
        for list in ["content", "contents", "messages"] {
            for item in result.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                changed |= self.take_fields_of_text(item);
                for inner in ["resource", "content"] {
                    changed |= item.get_mut(inner).is_some_and(|item| self.take_fields_of_text(item));
                }
            }
        }
        changed
    }

    fn take_fields_of_text(&self, item: &mut Value) -> bool {
        let Some(Value::String(text)) = item.get_mut("text") else { return false };
        let Some(mut document) = json_in(text) else { return false };
        let changed = self.take_fields(&mut document);
        if changed {
            *text = document.to_string();
        }
        changed
    }

    /// Takes whatever a pattern finds out of all texts, numbers and keys; of MCP's own keys and types in a result, none.
    pub fn take_patterns(&self, value: &mut Value, place: Place) -> bool {
        !self.patterns.is_empty() && self.walk(value, place, NESTING)
    }

    fn walk(&self, value: &mut Value, place: Place, nesting: usize) -> bool {
        match value {
            Value::String(text) => self.text(text, nesting),
            Value::Number(number) => match self.redacted(&number.to_string()) {
                Some(redacted) => {
                    *value = Value::String(redacted);
                    true
                }
                None => false,
            },
            Value::Array(items) => {
                items.iter_mut().fold(false, |changed, item| self.walk(item, place, nesting) | changed)
            }
            Value::Object(members) => self.object(members, place, nesting),
            Value::Null | Value::Bool(_) => false,
        }
    }

    fn object(&self, members: &mut Map<String, Value>, place: Place, nesting: usize) -> bool {
        let mut changed = false;
        for (key, value) in members.iter_mut() {
            changed |= match (place, key.as_str(), value) {
                (Place::Envelope, "type" | "role" | "mimeType", _) => false,
                (Place::Envelope, "structuredContent" | "_meta", value) => self.walk(value, Place::Document, nesting),
                (_, "data" | "blob", Value::String(body)) => self.body(body, nesting),
                (place, _, value) => self.walk(value, place, nesting),
            };
        }
        if place == Place::Document { self.keys(members) | changed } else { changed }
    }

    fn keys(&self, members: &mut Map<String, Value>) -> bool {
        if members.keys().all(|key| self.redacted(key).is_none()) {
            return false;
        }
        let old = std::mem::take(members);
        for (key, value) in old {
            let new = self.redacted(&key).unwrap_or(key);
            let free = (2..).map(|n| format!("{new} {n}")).find(|name| !members.contains_key(name));
            let key = if members.contains_key(&new) { free.unwrap_or_default() } else { new };
            members.insert(key, value);
        }
        true
    }

    /// A text that is JSON is looked at as JSON first, because an escape would hide what it stands for.
    fn text(&self, text: &mut String, nesting: usize) -> bool {
        let mut changed = false;
        if nesting > 0
            && let Some(mut document) = json_in(text)
            && self.walk(&mut document, Place::Document, nesting - 1)
        {
            *text = document.to_string();
            changed = true;
        }
        if let Some(redacted) = self.redacted(text) {
            *text = redacted;
            changed = true;
        }
        changed
    }

    /// A body in base64 that holds text is looked at as text too; any other body stays as it is.
    fn body(&self, body: &mut String, nesting: usize) -> bool {
        if let Some(mut text) = base64::decode(body).and_then(|bytes| String::from_utf8(bytes).ok())
            && self.text(&mut text, nesting)
        {
            *body = base64::encode(text.as_bytes());
            return true;
        }
        self.text(body, nesting)
    }

    fn redacted(&self, text: &str) -> Option<String> {
        let mut found: Vec<Range<usize>> = self.patterns.iter().flat_map(|pattern| pattern.find(text)).collect();
        found.sort_by_key(|range| range.start);
        let (mut out, mut end) = (String::new(), None);
        for range in found {
            if end.is_some_and(|end| range.start < end) {
                end = end.max(Some(range.end));
                continue;
            }
            out.push_str(&text[end.unwrap_or(0)..range.start]);
            out.push_str(&self.replacement);
            end = Some(range.end);
        }
        end.map(|end| out + &text[end..])
    }
}

fn json_in(text: &str) -> Option<Value> {
    let begins = text.trim_start().starts_with(['{', '[', '"']);
    begins.then(|| serde_json::from_str(text).ok()).flatten()
}
