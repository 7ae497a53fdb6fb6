//! Finds what is made of digits: cards, telephone numbers, IPv4 addresses. Groups of digits are read once.

use std::ops::Range;

type Group = Range<usize>;

/// Groups of digits; two belong to one run if the text between them is one of the separators.
fn runs(text: &str, joins: fn(&str) -> bool) -> Vec<Vec<Group>> {
    let bytes = text.as_bytes();
    let mut runs: Vec<Vec<Group>> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = at + bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let group = at..end;
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| joins(&text[last.end..at])) => run.push(group),
            _ => runs.push(vec![group]),
        }
        at = end;
    }
    runs
}

fn digits(groups: &[Group]) -> usize {
    groups.iter().map(Range::len).sum()
}

fn span(groups: &[Group]) -> Range<usize> {
    groups[0].start..groups[groups.len() - 1].end
}

/// Cards: 13 to 19 digits that pass Luhn's test, alone or in groups, also beside other groups.
pub fn cards(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for run in runs(text, |between| matches!(between, " " | "-" | "\u{a0}" | ".")) {
        let mut first = 0;
        while first < run.len() {
            let window = (first..run.len()).take_while(|last| digits(&run[first..=*last]) <= 19);
            let card = window.filter(|last| is_card(text, &run[first..=*last])).last();
            if let Some(last) = card {
                found.push(span(&run[first..=last]));
            }
            first = card.unwrap_or(first) + 1;
        }
    }
    found
}

fn is_card(text: &str, groups: &[Group]) -> bool {
    let number: String = groups.iter().map(|group| &text[group.clone()]).collect();
    let luhn = number.bytes().rev().enumerate().fold(0, |sum, (place, digit)| {
        let value = u32::from(digit - b'0') << (place % 2);
        sum + if value > 9 { value - 9 } else { value }
    });
    (13..=19).contains(&number.len()) && !number.starts_with('0') && luhn % 10 == 0
}

/// Telephone numbers: `+` and 7 to 15 digits, a trunk `0` with at least nine in groups, or three, three and four digits.
pub fn phones(text: &str) -> Vec<Range<usize>> {
    let joins =
        |between: &str| matches!(between, " " | "-" | "." | "/" | ") " | ")" | " (" | "(" | " / " | ")-" | "-(");
    let mut found = Vec::new();
    for run in runs(text, joins) {
        let before = &text[..run[0].start];
        let plus = before.ends_with('+') || before.ends_with("+(");
        let count = digits(&run);
        let lengths: Vec<usize> = run.iter().map(Range::len).collect();
        let american = matches!(lengths.as_slice(), [3, 3, 4] | [1, 3, 3, 4]);
        let trunk =
            run.len() > 1 && lengths[0] >= 3 && text[run[0].clone()].starts_with('0') && (9..=13).contains(&count);
        let international = plus && (7..=15).contains(&count);
        if international || american || trunk {
            let lead = before.len() - before.trim_end_matches(['+', '(']).len();
            let all = span(&run);
            found.push(all.start - lead..all.end);
        }
    }
    found
}

/// IPv4 addresses: four groups of 0 to 255 between dots, not part of something longer.
pub fn addresses(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    for run in runs(text, |between| between == ".") {
        let all = span(&run);
        let byte = |group: &Group| text[group.clone()].parse::<u8>().is_ok();
        let begins = all.start == 0 || !bytes[all.start - 1].is_ascii_alphanumeric() && bytes[all.start - 1] != b'.';
        let ends = bytes.get(all.end).is_none_or(|b| !b.is_ascii_alphanumeric());
        if run.len() == 4 && run.iter().all(byte) && begins && ends {
            found.push(all);
        }
    }
    found
}
