//! The interfaces of `wit/` as Rust, generated. Nothing here is written for authors; the traits in `kinds` are.
//!
//! Each interface is a world of its own here, because the generated macros of two worlds that both export `lifecycle`
//! would have the same name. A plugin exports two of these worlds, and their union is the world of its kind.
#![allow(missing_docs)]

pub mod types {
    wit_bindgen::generate!({
        path: "../../../wit",
        inline: "package mcpg:sdk; world types-only { import mcpg:plugin/types@1.0.0; }",
        world: "mcpg:sdk/types-only",
        generate_all,
        generate_unused_types: true,
    });
    pub use self::mcpg::plugin::types::{Effect, Problem, Reply};
}

macro_rules! interface {
    ($module:ident, $inline:literal, $export:literal, $place:literal) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: "../../../wit",
                inline: $inline,
                with: { "mcpg:plugin/types@1.0.0": crate::bindings::types::mcpg::plugin::types },
                generate_all,
                pub_export_macro: true,
                export_macro_name: $export,
                default_bindings_module: $place,
            });
        }
    };
}

interface!(
    lifecycle,
    "package mcpg:sdk; world lifecycle-only { export mcpg:plugin/lifecycle@1.0.0; }",
    "export_lifecycle",
    "mcpg_sdk::bindings::lifecycle"
);
interface!(
    identity,
    "package mcpg:sdk; world identity-only { export mcpg:plugin/identity@1.0.0; }",
    "export_identity",
    "mcpg_sdk::bindings::identity"
);
interface!(
    policy,
    "package mcpg:sdk; world policy-only { export mcpg:plugin/policy@1.0.0; }",
    "export_policy",
    "mcpg_sdk::bindings::policy"
);
interface!(
    limit,
    "package mcpg:sdk; world limit-only { export mcpg:plugin/limit@1.0.0; }",
    "export_limit",
    "mcpg_sdk::bindings::limit"
);
interface!(
    transform,
    "package mcpg:sdk; world transform-only { export mcpg:plugin/transform@1.0.0; }",
    "export_transform",
    "mcpg_sdk::bindings::transform"
);
interface!(
    backend,
    "package mcpg:sdk; world backend-only { export mcpg:plugin/backend@1.0.0; }",
    "export_backend",
    "mcpg_sdk::bindings::backend"
);
interface!(
    catalog,
    "package mcpg:sdk; world catalog-only { export mcpg:plugin/catalog@1.0.0; }",
    "export_catalog",
    "mcpg_sdk::bindings::catalog"
);
interface!(
    credential,
    "package mcpg:sdk; world credential-only { export mcpg:plugin/credential@1.0.0; }",
    "export_credential",
    "mcpg_sdk::bindings::credential"
);
interface!(
    sink,
    "package mcpg:sdk; world sink-only { export mcpg:plugin/sink@1.0.0; }",
    "export_sink",
    "mcpg_sdk::bindings::sink"
);
