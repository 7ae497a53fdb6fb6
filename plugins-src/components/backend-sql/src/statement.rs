//! Finds the named parameters of a statement. It reads no more SQL than it takes to skip texts, comments and casts.

/// Returns the names behind `:` in their order, each once.
pub fn parameters(sql: &str) -> Vec<&str> {
    let bytes = sql.as_bytes();
    let mut found: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &sql[at..];
        let skipped = match bytes[at] {
            quote @ (b'\'' | b'"' | b'`') => quoted(&bytes[at..], quote),
            b'-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            b':' if rest.starts_with("::") => 2,
            b':' => {
                let name = name_in(&rest[1..]);
                if !name.is_empty() && !found.contains(&name) {
                    found.push(name);
                }
                1 + name.len()
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'_' => {
                bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count()
            }
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        at += skipped.max(1);
    }
    found
}

/// The length of a quoted text; a doubled quote inside it begins the next one, which comes to the same.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    bytes[1..].iter().position(|byte| *byte == quote).map_or(bytes.len(), |end| end + 2)
}

fn name_in(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) { "" } else { &text[..end] }
}
