//! Patterns of names: `*` stands for any text, `?` for one character; everything else stands for itself.

/// Says whether the whole of `name` matches `pattern`, in time linear in their product at worst.
pub fn glob(pattern: &str, name: &str) -> bool {
    let (mut p, mut n) = (pattern.chars(), name.chars());
    let mut retry: Option<(std::str::Chars, std::str::Chars)> = None;
    loop {
        let there = n.clone();
        match (p.next(), n.next()) {
            (Some('*'), _) => {
                n = there;
                retry = Some((p.clone(), n.clone()));
            }
            (None, None) => return true,
            (Some(a), Some(b)) if a == '?' || a == b => {}
            _ => {
                let Some((after_star, mut rest)) = retry.take() else { return false };
                if rest.next().is_none() {
                    return false;
                }
                (p, n) = (after_star.clone(), rest.clone());
                retry = Some((after_star, rest));
            }
        }
    }
}

/// Says whether `name` matches one of `patterns`.
pub fn matches_any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| glob(pattern, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, name) in
            [("*", ""), ("a*", "a"), ("a*c", "abbc"), ("*.get", "x.get"), ("a?c", "abc"), ("*a*b", "aab")]
        {
            assert!(glob(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("", "a"), ("a", ""), ("a*c", "ab"), ("a?c", "ac"), ("time.*", "timeX"), ("?", "")] {
            assert!(!glob(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_end() {
        assert!(!glob(&"*a".repeat(30), &"a".repeat(29)));
        assert!(!glob(&format!("{}b", "a*".repeat(30)), &"a".repeat(2000)));
    }
}
