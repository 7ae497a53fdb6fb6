//! Makes a component of a core module and puts the plugin's manifest into it. It is a core module itself, built for
//! `wasm32-unknown-unknown`, and does not judge the manifest beyond JSON and size; the host does.

mod core_module;
mod encode;
mod entry;
mod section;

pub use core_module::forbidden_calls;
pub use encode::componentize;
pub use section::find as find_section;

/// The custom section of a plugin's manifest.
pub const MANIFEST: &str = "mcpg:manifest";

/// Why a module was refused: a stable code, the cause, and what to do about it.
#[derive(Debug)]
pub struct Refusal {
    /// One of the host's codes.
    pub code: &'static str,
    /// One line.
    pub cause: String,
    /// One line.
    pub remedy: String,
}

impl Refusal {
    fn new(code: &'static str, cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Refusal { code, cause: cause.into(), remedy: remedy.into() }
    }
}
