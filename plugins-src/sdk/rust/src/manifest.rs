//! The manifest beside the code: checked and made compact while compiling, and put into the component by the linker. It
//! says whether a text is JSON and no more; what a manifest must hold is the gateway's business.

/// Puts the plugin's manifest into the component, as the custom section `mcpg:manifest`.
///
/// What stands in it is JSON, written as it would stand in a file: `manifest!({"schema": 1, ...})`. What is no JSON does
/// not compile; what the gateway does not take is found by `mcpg plugin build`. Escapes are those that Rust and JSON have
/// in common (`\"`, `\\`, `\n`, `\r`, `\t`); other characters stand as they are. Natively it is the constant `MANIFEST`.
#[macro_export]
macro_rules! manifest {
    ($($token:tt)*) => {
        /// The plugin's manifest, as JSON text.
        pub const MANIFEST: &str = stringify!($($token)*);
        const _: () = {
            #[allow(long_running_const_eval)]
            const LENGTH: usize = $crate::compact_length(MANIFEST);
            #[allow(long_running_const_eval)]
            #[cfg_attr(target_arch = "wasm32", unsafe(link_section = "mcpg:manifest"))]
            #[used]
            static SECTION: [u8; LENGTH] = $crate::compact(MANIFEST);
        };
    };
}

/// Returns how many bytes `text` has without white space outside of strings; panics if it is no JSON object.
pub const fn compact_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    assert!(peek(bytes, 0) == b'{', "the manifest is no JSON: it begins with `{{`");
    assert!(skip(bytes, value(bytes, 0)) == bytes.len(), "the manifest is no JSON: something stands behind its end");
    let (mut at, mut length) = (0, 0);
    while at < bytes.len() {
        let next = token(bytes, at);
        if !is_space(bytes[at]) {
            length += next - at;
        }
        at = next;
    }
    length
}

/// Returns `text` without white space outside of strings; `LENGTH` is what `compact_length` says.
pub const fn compact<const LENGTH: usize>(text: &str) -> [u8; LENGTH] {
    let bytes = text.as_bytes();
    let mut out = [0; LENGTH];
    let (mut at, mut to) = (0, 0);
    while at < bytes.len() {
        let next = token(bytes, at);
        let keep = !is_space(bytes[at]);
        while at < next {
            if keep {
                out[to] = bytes[at];
                to += 1;
            }
            at += 1;
        }
    }
    out
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Where the string or the single byte at `at` ends.
const fn token(bytes: &[u8], at: usize) -> usize {
    if bytes[at] == b'"' { string(bytes, at) } else { at + 1 }
}

const fn skip(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && is_space(bytes[at]) {
        at += 1;
    }
    at
}

/// The first byte that is no white space; 0 at the end.
const fn peek(bytes: &[u8], at: usize) -> u8 {
    let at = skip(bytes, at);
    if at < bytes.len() { bytes[at] } else { 0 }
}

const fn value(bytes: &[u8], at: usize) -> usize {
    let at = skip(bytes, at);
    match peek(bytes, at) {
        b'{' => list(bytes, at + 1, b'}'),
        b'[' => list(bytes, at + 1, b']'),
        b'"' => string(bytes, at),
        b'-' | b'0'..=b'9' => number(bytes, at),
        b't' => word(bytes, at, b"true"),
        b'f' => word(bytes, at, b"false"),
        b'n' => word(bytes, at, b"null"),
        b',' | b'}' | b']' => panic!("the manifest is no JSON: a value is missing, or a comma is too many"),
        _ => panic!("the manifest is no JSON: values are strings, numbers, true, false, null, [...] and {{...}}"),
    }
}

/// Members of an object or items of an array, behind the opening bracket.
const fn list(bytes: &[u8], mut at: usize, close: u8) -> usize {
    if peek(bytes, at) == close {
        return skip(bytes, at) + 1;
    }
    loop {
        if close == b'}' {
            assert!(
                peek(bytes, at) == b'"',
                "the manifest is no JSON: a name in quotes is missing, or a comma is too many"
            );
            at = string(bytes, skip(bytes, at));
            assert!(peek(bytes, at) == b':', "the manifest is no JSON: behind the name of a member stands `:`");
            at = skip(bytes, at) + 1;
        }
        at = value(bytes, at);
        match peek(bytes, at) {
            b',' => at = skip(bytes, at) + 1,
            byte if byte == close => return skip(bytes, at) + 1,
            _ => panic!("the manifest is no JSON: between values stands `,`"),
        }
    }
}

const fn string(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => {
                let known = at + 1 < bytes.len() && matches!(bytes[at + 1], b'"' | b'\\' | b'n' | b'r' | b't');
                assert!(known, "the manifest is no JSON: it has an escape that JSON does not have");
                at += 2;
            }
            0..0x20 => panic!("the manifest is no JSON: a string has a line break"),
            _ => at += 1,
        }
    }
    panic!("the manifest is no JSON: a string does not end")
}

/// A number; between its sign and its digits white space is let pass, for the compiler may put some there.
const fn number(bytes: &[u8], mut at: usize) -> usize {
    if bytes[at] == b'-' {
        at = skip(bytes, at + 1);
    }
    let begin = at;
    while at < bytes.len() && matches!(bytes[at], b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-') {
        at += 1;
    }
    assert!(at > begin && bytes[begin].is_ascii_digit(), "the manifest is no JSON: it has a bad number");
    at
}

const fn word(bytes: &[u8], at: usize, word: &[u8]) -> usize {
    let mut same = 0;
    while same < word.len() {
        assert!(
            at + same < bytes.len() && bytes[at + same] == word[same],
            "the manifest is no JSON: it has a word other than true, false and null"
        );
        same += 1;
    }
    at + same
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    mod written {
        crate::manifest!({
            "schema": 1, "id": "acme/my-plugin", "summary": "Says \"grüß dich\" \\ {}, [  ]",
            "config": {"properties": {"n": {"minimum": -1, "maximum": 2.5e3, "pattern": "^\\d+$"}}},
            "reads": [], "effects": [{}], "memo": true, "security": false, "x": null
        });
    }

    #[test]
    fn a_manifest_is_the_json_that_was_written() {
        let read: Value = serde_json::from_str(written::MANIFEST).unwrap();
        assert_eq!(read["summary"], "Says \"grüß dich\" \\ {}, [  ]");
        assert_eq!(read["config"]["properties"]["n"], json!({"minimum": -1, "maximum": 2500.0, "pattern": "^\\d+$"}));
        const LENGTH: usize = compact_length(written::MANIFEST);
        let compacted: [u8; LENGTH] = compact(written::MANIFEST);
        assert_eq!(serde_json::from_slice::<Value>(&compacted).unwrap(), read);
    }

    #[test]
    fn what_is_no_json_panics_which_in_a_constant_is_a_compiler_error() {
        for bad in [
            "",
            "[]",
            "{",
            "{,}",
            r#"{"a": 1,}"#,
            r#"{"a" 1}"#,
            r#"{a: 1}"#,
            r#"{"a": 'b'}"#,
            r#"{"a": r"b"}"#,
            r#"{"a": tru}"#,
            r#"{"a": -}"#,
            r#"{"a": "\x41"}"#,
            r#"{"a": "b}"#,
            r#"{"a": 1} {}"#,
            r#"{"a": [1 2]}"#,
            "{\"a\": \"b\nc\"}",
        ] {
            assert!(std::panic::catch_unwind(|| compact_length(bad)).is_err(), "{bad}");
        }
    }
}
