//! Finds what looks like an e-mail address, a card, a token. Each scanner looks for its anchor and takes linear time.

use crate::numerals;
use mcpg_sdk::{Problem, problem};
use regex_lite::Regex;
use serde::Deserialize;
use std::ops::Range;

/// A pattern as the operator writes it.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Written {
    Known(Known),
    Own { name: String, regex: String },
}

/// Patterns that we know by name.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub enum Known {
    Email,
    CreditCard,
    Phone,
    Ipv4,
    Jwt,
    AwsKey,
}

/// A pattern, ready for use.
pub enum Pattern {
    Known(fn(&str) -> Vec<Range<usize>>),
    Own(Regex),
}

impl Pattern {
    /// Returns the pattern; fails with `bad-config` on a regular expression that is none.
    pub fn new(written: Written) -> Result<Self, Problem> {
        let known = match written {
            Written::Own { name, regex } => {
                let bad = |e| problem("bad-config", format!("`patterns`: `{name}` is no regular expression: {e}"));
                return Regex::new(&regex).map(Pattern::Own).map_err(bad);
            }
            Written::Known(known) => known,
        };
        Ok(Pattern::Known(match known {
            Known::Email => emails,
            Known::CreditCard => numerals::cards,
            Known::Phone => numerals::phones,
            Known::Ipv4 => numerals::addresses,
            Known::Jwt => tokens,
            Known::AwsKey => aws_keys,
        }))
    }

    /// Returns the places in `text` that it finds, in order, never empty ones.
    pub fn find(&self, text: &str) -> Vec<Range<usize>> {
        match self {
            Pattern::Known(find) => find(text),
            Pattern::Own(regex) => regex.find_iter(text).map(|m| m.range()).filter(|r| !r.is_empty()).collect(),
        }
    }
}

fn emails(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let floor = found.last().map_or(0, |last| last.end);
        let local =
            text[floor..at].chars().rev().take_while(|c| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(*c));
        let start = at - local.map(char::len_utf8).sum::<usize>();
        let domain = text[at + 1..].chars().take_while(|c| c.is_alphanumeric() || ".-".contains(*c));
        let end = at + 1 + domain.map(char::len_utf8).sum::<usize>();
        let domain = text[at + 1..end].trim_end_matches(['.', '-']);
        let labels = domain.split('.').count() >= 2 && domain.split('.').all(|label| !label.is_empty());
        let top = domain
            .rsplit('.')
            .next()
            .is_some_and(|top| top.chars().count() >= 2 && !top.starts_with(|c: char| c.is_ascii_digit()));
        if start < at && labels && top {
            found.push(start..at + 1 + domain.len());
        }
    }
    found
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// JSON web tokens: three parts in base64url, the first of which begins as `{"` does.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let part = |from: usize| from + bytes[from..].iter().take_while(|b| word(**b)).count();
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, _) in text.match_indices("eyJ") {
        let inside = start > 0 && word(bytes[start - 1]) || found.last().is_some_and(|last| start < last.end);
        let head = part(start);
        if inside || bytes.get(head) != Some(&b'.') {
            continue;
        }
        let body = part(head + 1);
        if body > head + 1 && bytes.get(body) == Some(&b'.') {
            found.push(start..part(body + 1));
        }
    }
    found
}

/// Ids of AWS keys: four known letters and sixteen more characters.
fn aws_keys(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, _) in text.match_indices('A') {
        let Some(key) = bytes.get(start..start + 20) else { break };
        let known = [b"AKIA", b"ASIA", b"ABIA", b"ACCA"].iter().any(|prefix| key.starts_with(*prefix));
        let alone = |place: Option<&u8>| place.is_none_or(|b| !b.is_ascii_alphanumeric());
        let before = if start == 0 { None } else { bytes.get(start - 1) };
        if known
            && key.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && alone(before)
            && alone(bytes.get(start + 20))
        {
            found.push(start..start + 20);
        }
    }
    found
}
