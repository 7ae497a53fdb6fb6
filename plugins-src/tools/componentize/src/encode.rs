//! From a core module to a component.

use crate::core_module::{self, PREVIEW1};
use crate::{MANIFEST, Refusal, section};
use std::path::Path;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, SourceMap};

const MAX_MANIFEST: usize = 64 * 1024;
const ADAPTER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/preview1.wasm"));
const WIT: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/wit.rs"));

/// Makes a component of `core` that fills the world of `kind`, imports nothing, and carries `manifest`.
pub fn componentize(core: &[u8], kind: &str, manifest: &[u8]) -> Result<Vec<u8>, Refusal> {
    let manifest = compact(manifest)?;
    core_module::check(core, kind)?;
    let mut core = section::without(core, MANIFEST);
    if !has_metadata(&core) {
        embed(&mut core, kind)?;
    }
    let mut component = encode(&core).map_err(|e| {
        Refusal::new(
            "bad-component",
            format!("no component can be made of the module: {}", one_line(&format!("{e:#}"))),
            "build it with the SDK of this release, and export one plugin only",
        )
    })?;
    section::append(&mut component, MANIFEST, &manifest);
    Ok(component)
}

fn encode(core: &[u8]) -> anyhow::Result<Vec<u8>> {
    ComponentEncoder::default().validate(true).module(core)?.adapter(PREVIEW1, ADAPTER)?.encode()
}

/// wit-bindgen writes sections `component-type:...` that say which world the module fills.
fn has_metadata(core: &[u8]) -> bool {
    wasmparser::Parser::new(0).parse_all(core).map_while(Result::ok).any(|payload| match payload {
        wasmparser::Payload::CustomSection(section) => section.name().starts_with("component-type"),
        _ => false,
    })
}

fn embed(core: &mut Vec<u8>, kind: &str) -> Result<(), Refusal> {
    let ours = |e: anyhow::Error| Refusal::new("internal", format!("our own WIT: {e:#}"), "report this as a bug");
    let mut sources = SourceMap::default();
    for (name, text) in WIT {
        sources.push(Path::new(name), *text);
    }
    let group = sources.parse().map_err(|(_, e)| ours(e.into()))?;
    let mut resolve = Resolve::default();
    let package = resolve.push_group(group).map_err(|e| ours(e.into()))?;
    let world = resolve.select_world(&[package], Some(&format!("{kind}-plugin"))).map_err(ours)?;
    embed_component_metadata(core, &resolve, world, StringEncoding::UTF8, false).map_err(ours)
}

fn compact(manifest: &[u8]) -> Result<Vec<u8>, Refusal> {
    let value: serde_json::Value = serde_json::from_slice(manifest)
        .map_err(|e| Refusal::new("bad-manifest", format!("the manifest is not JSON: {e}"), "correct it there"))?;
    let text = value.to_string().into_bytes();
    if text.len() > MAX_MANIFEST {
        let cause = format!("the manifest has {} bytes, at most {MAX_MANIFEST} are allowed", text.len());
        return Err(Refusal::new("bad-manifest", cause, "shorten it"));
    }
    Ok(text)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
