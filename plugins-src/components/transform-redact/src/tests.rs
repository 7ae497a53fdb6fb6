//! What passes and what does not.

use super::*;
use mcpg_sdk::json;

fn redact(config: Value) -> Redact {
    Redact::new(config).unwrap()
}

fn after(config: Value, result: Value) -> Option<Value> {
    let outcome = json!({"status": "ok", "result": result, "problem": ""}).to_string();
    match redact(config).after(&mut Run::new(vec![]), Doc("{}"), Doc("{}"), Doc(&outcome)).unwrap() {
        Change::Changed(json) => Some(Doc(&json.0).value().unwrap()),
        Change::Unchanged => None,
        Change::Deny(problem) => panic!("{problem:?}"),
    }
}

fn text(pattern: &str, text: &str) -> String {
    let result = json!({"content": [{"type": "text", "text": text}]});
    let changed = after(json!({"patterns": [pattern], "replacement": "#"}), result.clone());
    changed.unwrap_or(result)["content"][0]["text"].as_str().unwrap().into()
}

#[test]
fn emails() {
    assert_eq!(text("email", "to ana.b+x@mail.example.com, or @ana, a@b"), "to #, or @ana, a@b");
    assert_eq!(text("email", "<ana@example.com>. jürgen@müller.de a@b.co@c.de"), "<#>. # #@c.de");
    assert_eq!(text("email", "a@1.2.3.4 a@b..com"), "a@1.2.3.4 a@b..com");
}

#[test]
fn cards() {
    assert_eq!(text("credit-card", "card 4111 1111 1111 1111."), "card #.");
    assert_eq!(text("credit-card", "4111-1111-1111-1111 4111111111111112"), "# 4111111111111112");
    assert_eq!(text("credit-card", "12 4111 1111 1111 1111 99"), "12 # 99");
    assert_eq!(text("credit-card", "0000 0000 0000 0000"), "0000 0000 0000 0000");
    assert_eq!(text("credit-card", &"4".repeat(40)), "4".repeat(40));
}

#[test]
fn telephones() {
    assert_eq!(text("phone", "+49 30 1234567, (555) 123-4567, 555.123.4567"), "#, #, #");
    assert_eq!(text("phone", "call 0301/1234567"), "call #");
    for not in ["2026-11-21 11:35:01", "01.02.2026 11", "order 1234567890", "192.168.0.1", "3.14159"] {
        assert_eq!(text("phone", not), not);
    }
}

#[test]
fn addresses_tokens_and_keys() {
    assert_eq!(text("ipv4", "from 10.0.0.255: 1.2.3.4.5 256.1.1.1 v1.2.3.4"), "from #: 1.2.3.4.5 256.1.1.1 v1.2.3.4");
    assert_eq!(text("jwt", "Bearer eyJhbGciOi.eyJzdWIi.c2ln-_ eyJ.x"), "Bearer # eyJ.x");
    assert_eq!(text("aws-key", "key AKIAIOSFODNN7EXAMPLE; XAKIAIOSFODNN7EXAMPLE"), "key #; XAKIAIOSFODNN7EXAMPLE");
}

#[test]
fn numbers_keys_and_nested_texts_are_seen() {
    let config = json!({"patterns": ["email", "credit-card"]});
    let nested = json!({"mail": "x"}).to_string().replace("x", "ana\\u0040example.com");
    let result = json!({
        "content": [{"type": "text", "text": nested}],
        "structuredContent": {"a@example.com": 1, "b@example.com": 2, "n": 4111111111111111u64, "l": ["c@example.com"]},
    });
    let seen = after(config, result).unwrap();
    assert_eq!(seen["content"][0]["text"], r#"{"mail":"[redacted]"}"#);
    let expected = json!({"[redacted]": 1, "[redacted] 2": 2, "n": "[redacted]", "l": ["[redacted]"]});
    assert_eq!(seen["structuredContent"], expected);
}

#[test]
fn bodies_that_hold_text_are_seen_and_others_kept() {
    let config = json!({"patterns": ["email"]});
    let body = |bytes: &[u8]| json!({"contents": [{"uri": "x:y", "blob": base64::encode(bytes)}]});
    let seen = after(config.clone(), body(b"ana@example.com!")).unwrap();
    assert_eq!(base64::decode(seen["contents"][0]["blob"].as_str().unwrap()).unwrap(), b"[redacted]!");
    assert_eq!(after(config, body(&[0xff, 0xfe, 0, b'@'])), None);
}

#[test]
fn fields_are_taken_from_structured_content_and_json_texts() {
    let config = json!({"fields": ["/rows/*/email", "/**/ssn", "/a~1b"]});
    let document = json!({"rows": [{"email": "x", "n": 1}, {"email": null}], "deep": {"er": {"ssn": 5}}, "a/b": []});
    let taken = json!({"rows": [{"email": "[redacted]", "n": 1}, {"email": "[redacted]"}],
                       "deep": {"er": {"ssn": "[redacted]"}}, "a/b": "[redacted]"});
    let result = json!({"content": [{"type": "text", "text": document.to_string()}, {"type": "text", "text": "rows"}],
                        "structuredContent": document});
    let seen = after(config.clone(), result).unwrap();
    assert_eq!(seen["structuredContent"], taken);
    assert_eq!(seen["content"][0]["text"], taken.to_string());
    let resource = json!({"contents": [{"uri": "x:y", "text": "{\"ssn\": 1}"}]});
    assert_eq!(after(config, resource).unwrap()["contents"][0]["text"], r#"{"ssn":"[redacted]"}"#);
}

#[test]
fn directions() {
    let call = json!({"arguments": {"to": "ana@example.com"}}).to_string();
    let before = |direction: &str| {
        let plugin = redact(json!({"patterns": ["email"], "direction": direction}));
        plugin.before(&mut Run::new(vec![]), Doc("{}"), Doc(&call)).unwrap()
    };
    assert!(matches!(before("out"), Change::Unchanged));
    for direction in ["in", "both"] {
        assert!(matches!(before(direction), Change::Changed(Json(text)) if text == r#"{"to":"[redacted]"}"#));
    }
    let result = json!({"content": [{"type": "text", "text": "ana@example.com"}]});
    assert_eq!(after(json!({"patterns": ["email"], "direction": "in"}), result), None);
}

#[test]
fn own_patterns() {
    let config = json!({"patterns": [{"name": "ticket", "regex": "T-[0-9]+|x*"}], "replacement": ""});
    let seen = after(config, json!({"content": [{"type": "text", "text": "T-12 is open"}]})).unwrap();
    assert_eq!(seen["content"][0]["text"], " is open");
    for config in [
        json!({"patterns": [{"name": "bad", "regex": "("}]}),
        json!({"fields": ["no-slash"]}),
        json!({"patterns": ["email"], "replacement": "a@example.com"}),
    ] {
        assert_eq!(Redact::new(config).err().unwrap().code, "bad-config");
    }
}

#[test]
fn base64_of_every_length_comes_back() {
    for length in 0..20u8 {
        let bytes: Vec<u8> = (0..length).map(|n| n.wrapping_mul(37)).collect();
        assert_eq!(base64::decode(&base64::encode(&bytes)).unwrap(), bytes);
    }
    assert_eq!(base64::decode("a"), None);
    assert_eq!(base64::decode("a@=="), None);
}
