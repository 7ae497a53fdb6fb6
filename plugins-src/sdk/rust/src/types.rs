//! The types of `mcpg:plugin/types`, which every kind of plugin uses. Documents are JSON text here.

use std::error::Error;
use std::fmt;

/// Something that only the host can do. A plugin cannot do it; it can only ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Who performs it: `http`, `sql`, `mcp`, ... The operator must have granted it.
    pub driver: String,
    /// The driver's own request document.
    pub request: String,
}

/// Why something did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable and machine-readable, such as `upstream-timeout`.
    pub code: String,
    /// One line for a person; never a secret.
    pub message: String,
}

impl Problem {
    /// Returns a problem: a stable code, and one line for a person that never holds a secret.
    pub fn new(code: impl Into<String>, message: impl fmt::Display) -> Self {
        Problem { code: code.into(), message: message.to_string() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// `?` makes a `plugin-error` of any error of Rust, and names the line that it left.
impl<E: Error> From<E> for Problem {
    #[track_caller]
    fn from(error: E) -> Self {
        let place = std::panic::Location::caller();
        Problem::new("plugin-error", format!("{error} ({}:{})", place.file(), place.line()))
    }
}

/// What the world answered to one effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The driver's reply document.
    Ok(String),
    /// It did not work.
    Failed(Problem),
}

/// One account that an action is paid from. No number is above 2^53 - 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Charge {
    /// Names the account, such as `["tool", "search", "caller", "alice"]`; the host puts tenant and plugin use before it.
    pub account: Vec<String>,
    /// Tokens to take, in millionths, so that money and tokens need no floats.
    pub cost: u64,
    /// The account's size, in millionths.
    pub capacity: u64,
    /// Millionths that flow back each second; 0 for a budget that only a new window refills.
    pub refill: u64,
    /// Seconds after which a budget starts anew; 0 for none.
    pub window: u64,
}

/// Something that must be done if the action goes ahead; if it cannot be done, the action is denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obligation {
    /// `redact`, `annotate`, ...
    pub kind: String,
    /// What the kind needs to know, as JSON text: schema `obligations/<kind>`.
    pub detail: String,
}

impl Obligation {
    /// Returns an obligation of a kind with its detail.
    pub fn new(kind: impl Into<String>, detail: impl fmt::Display) -> Self {
        Obligation { kind: kind.into(), detail: detail.to_string() }
    }
}
