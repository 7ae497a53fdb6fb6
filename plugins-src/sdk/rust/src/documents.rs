//! The documents of the contract, typed. A plugin is given what its manifest's `reads` lists and nothing else: a member
//! that is left out has its default here, and one that is not known here is passed over.
//!
//! Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.

mod effects;
mod protocol;
mod records;
mod runs;

pub use effects::*;
pub use protocol::*;
pub use records::*;
pub use runs::*;
