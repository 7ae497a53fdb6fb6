//! MCP tool results. Documents stay the text that they were, so that no number and no order changes.

use crate::document::Json;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Returns a result with one text.
pub fn text_result(text: impl Into<Value>) -> Json {
    json!({"content": [{"type": "text", "text": text.into()}]}).into()
}

/// Returns a result that tells of an error.
pub fn error_result(text: &str) -> Json {
    json!({"content": [{"type": "text", "text": text}], "isError": true}).into()
}

/// Returns a result with a value: as text, and as structured content too if it is an object.
pub fn json_result(value: &Value) -> Json {
    match RawValue::from_string(value.to_string()) {
        Ok(document) => document_result(&document),
        Err(_) => text_result(value.to_string()),
    }
}

/// Returns a result with a document: as text, and as structured content too if it is an object.
pub fn document_result(document: &RawValue) -> Json {
    let document = document.get();
    let text = if document.contains(r#""$ref":"blob:"#) {
        // A body that stays in the host can stand in the structured content, but not inside a text.
        json!("The result has large parts: see the structured content.")
    } else {
        json!(document)
    };
    let structured =
        if document.starts_with('{') { format!(r#","structuredContent":{document}"#) } else { String::new() };
    Json(format!(r#"{{"content":[{{"type":"text","text":{text}}}]{structured}}}"#))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(document: &str) -> String {
        document_result(&RawValue::from_string(document.into()).unwrap()).0
    }

    #[test]
    fn documents_stay_as_they_are() {
        let kept =
            r#"{"content":[{"type":"text","text":"{\"b\":1.50,\"a\":\"ü\"}"}],"structuredContent":{"b":1.50,"a":"ü"}}"#;
        assert_eq!(result(r#"{"b":1.50,"a":"ü"}"#), kept);
        assert_eq!(result("[1]"), r#"{"content":[{"type":"text","text":"[1]"}]}"#);
        assert!(result(r#"{"a":{"$ref":"blob:0"}}"#).contains("see the structured content"));
    }
}
