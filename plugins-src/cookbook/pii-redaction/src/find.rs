//! Where in a text something personal stands. Whatever has a check digit is checked, so that order numbers stay.

use mcpg_sdk::{Problem, problem};
use regex_lite::Regex;
use serde::Deserialize;
use std::ops::Range;

/// What is looked for.
#[derive(Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Email,
    Card,
    Iban,
    Phone,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Email, Kind::Card, Kind::Iban, Kind::Phone];

    /// What stands in the replacement.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Email => "email",
            Kind::Card => "card",
            Kind::Iban => "iban",
            Kind::Phone => "phone",
        }
    }

    /// Matches all that it could be, and more; `check` looks closer.
    fn pattern(self) -> &'static str {
        match self {
            Kind::Email => r"[\p{A}0-9._%+'-]+@(?:[\p{A}0-9](?:[\p{A}0-9-]*[\p{A}0-9])?\.)+[\p{A}]{2,}",
            Kind::Card => r"[0-9](?:[ -]?[0-9]){12,}",
            Kind::Iban => r"(?i)[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9]){11,}",
            Kind::Phone => r"(?:\+|00)[ ]?[1-9](?:[ ()./-]{0,2}[0-9]){6,13}",
        }
    }
}

/// One kind and how it is found.
pub struct Finder {
    pub kind: Kind,
    regex: Regex,
}

impl Finder {
    pub fn new(kind: Kind) -> Result<Self, Problem> {
        let pattern = kind.pattern().replace(r"\p{A}", "a-zA-Z\u{80}-\u{10ffff}");
        let regex = Regex::new(&pattern).map_err(|e| problem("plugin-error", e))?;
        Ok(Finder { kind, regex })
    }

    /// Returns where in `text` something of this kind stands, in order and without overlaps.
    pub fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(candidate) = self.regex.find_at(text, at) {
            let range = candidate.range();
            match self.check(text, range.clone()) {
                Some(exact) => {
                    at = exact.end;
                    found.push(exact);
                }
                // What looked like one may still hold one that begins later.
                None => at = range.start + text[range.start..].chars().next().map_or(1, char::len_utf8),
            }
        }
        found
    }

    /// Returns the part of a candidate, from its start on, that really is one.
    fn check(&self, text: &str, range: Range<usize>) -> Option<Range<usize>> {
        let before = text[..range.start].chars().next_back();
        match self.kind {
            Kind::Email => Some(range),
            Kind::Phone => (!ends_in_digit(before) && !begins_with_digit(&text[range.end..])).then_some(range),
            Kind::Card if ends_in_digit(before) => None,
            Kind::Iban if before.is_some_and(char::is_alphanumeric) => None,
            Kind::Card => longest(text, range, 13, 19, luhn),
            Kind::Iban => longest(text, range, 15, 34, mod_97),
        }
    }
}

fn ends_in_digit(before: Option<char>) -> bool {
    before.is_some_and(|c| c.is_ascii_digit())
}

fn begins_with_digit(after: &str) -> bool {
    after.starts_with(|c: char| c.is_ascii_digit())
}

/// Returns the longest part from the start that has `least` to `most` letters and digits, ends where a group of them
/// ends, and passes `test`.
fn longest(
    text: &str,
    range: Range<usize>,
    least: usize,
    most: usize,
    test: impl Fn(&[u8]) -> bool,
) -> Option<Range<usize>> {
    let mut compact = Vec::new();
    let mut good = None;
    for (at, byte) in text.bytes().enumerate().take(range.end).skip(range.start) {
        if !byte.is_ascii_alphanumeric() {
            continue;
        }
        compact.push(byte.to_ascii_uppercase());
        let ends = !text[at + 1..].starts_with(char::is_alphanumeric);
        if compact.len() > most {
            break;
        }
        if ends && compact.len() >= least && test(&compact) {
            good = Some(range.start..at + 1);
        }
    }
    good
}

/// The check digit of payment cards (ISO/IEC 7812-1). All zeros pass the sum and are no card.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0') * if place % 2 == 1 { 2 } else { 1 };
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    sum > 0 && sum.is_multiple_of(10)
}

/// The check digits of IBANs (ISO 13616): moved to the end and read as a number, the remainder by 97 is 1.
fn mod_97(iban: &[u8]) -> bool {
    let moved = iban[4..].iter().chain(&iban[..4]);
    let remainder = moved.fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
    });
    remainder == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: Kind, text: &str) -> Vec<&str> {
        Finder::new(kind).unwrap().find(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn cards_are_told_from_other_numbers_by_their_check_digit() {
        for card in ["4111111111111111", "4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"] {
            assert_eq!(found(Kind::Card, &format!("pay with {card}, please")), [card]);
        }
        for other in ["4111111111111112", "0000000000000000", "12345678901234567890123", "2026-11-21 20:13:00"] {
            assert!(found(Kind::Card, other).is_empty(), "{other}");
        }
        assert_eq!(found(Kind::Card, "order 12 4111 1111 1111 1111 99"), ["4111 1111 1111 1111"]);
    }

    #[test]
    fn ibans_are_told_from_other_words_by_their_check_digits() {
        let text = "to DE89 3704 0044 0532 0130 00 and gb82west12345698765432 today";
        assert_eq!(found(Kind::Iban, text), ["DE89 3704 0044 0532 0130 00", "gb82west12345698765432"]);
        assert!(found(Kind::Iban, "DE88 3704 0044 0532 0130 00").is_empty());
        assert!(found(Kind::Iban, "xDE89370400440532013000").is_empty());
    }

    #[test]
    fn addresses_and_numbers_of_telephones() {
        assert_eq!(
            found(Kind::Email, "<ana.lopez+x@mail.example.org>, b@müller.de."),
            ["ana.lopez+x@mail.example.org", "b@müller.de"]
        );
        assert!(found(Kind::Email, "@ana, a@b, user@localhost").is_empty());
        assert_eq!(
            found(Kind::Phone, "+49 (0)30 901820 or 0043 1 5877 0 or 1+1=2"),
            ["+49 (0)30 901820", "0043 1 5877 0"]
        );
        assert!(found(Kind::Phone, "+12 34, 1.000004711815").is_empty());
    }
}
