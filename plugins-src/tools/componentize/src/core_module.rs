//! What a core module imports and exports, judged before it is made a component.

use crate::{Refusal, section};
use wasmparser::{ExternalKind, KnownCustom, Name, Parser, Payload};

/// The old system interface, for which the adapter stands in.
pub const PREVIEW1: &str = "wasi_snapshot_preview1";

/// The functions of `preview1.wat` that answer; every other one traps.
const ANSWERED: [&str; 15] = [
    "args_get",
    "args_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_close",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_filestat_get",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_write",
    "random_get",
    "sched_yield",
];

/// Go's runtime imports these into every program, for deadlocks and for its own waiting.
const OF_GO_ITSELF: [&str; 2] = ["poll_oneoff", "proc_exit"];

/// Functions of Go's library that end in a call that traps, as the module's name section has them.
const OF_GO: [(&str, &str); 2] = [("time.Sleep", "time.Sleep"), ("os.Exit", "os.Exit")];

/// Returns the calls linked into a core module that trap when they are made: functions of preview1, and of Go's library
/// if the module still has its names. Whether they are ever called cannot be seen.
pub fn forbidden_calls(core: &[u8]) -> Vec<String> {
    let go = section::find(core, "producers").is_some_and(|made| contains(made, b"Go cmd/compile"));
    let mut found: Vec<String> = imports(core)
        .into_iter()
        .filter(|(module, name)| {
            *module == PREVIEW1 && !ANSWERED.contains(name) && !(go && OF_GO_ITSELF.contains(name))
        })
        .map(|(_, name)| name.to_owned())
        .collect();
    if go {
        let names = function_names(core);
        found.extend(OF_GO.iter().filter(|(symbol, _)| names.contains(symbol)).map(|(_, name)| (*name).to_owned()));
    }
    found.sort();
    found.dedup();
    found
}

/// Refuses a module that wants anything but preview1, or that is not of the kind that its manifest names.
pub fn check(core: &[u8], kind: &str) -> Result<(), Refusal> {
    if !section::is_core(core) {
        let cause = "this is no core module of WebAssembly";
        return Err(Refusal::new("bad-component", cause, "give the module that the compiler wrote, not a component"));
    }
    if let Some((module, name)) = imports(core).into_iter().find(|(module, _)| *module != PREVIEW1) {
        return Err(Refusal::new(
            "forbidden-import",
            format!("the module imports `{name}` of `{module}`, which no plugin gets"),
            "remove what calls it: a plugin does nothing itself, it asks for effects",
        ));
    }
    let kinds = exported_kinds(core);
    match kinds.as_slice() {
        [one] if one == kind => Ok(()),
        [] => Err(Refusal::new(
            "wrong-world",
            "the module exports no interface of `mcpg:plugin@1.0.0`",
            format!("export a plugin of kind `{kind}` with the SDK"),
        )),
        [one] => Err(Refusal::new(
            "wrong-world",
            format!("the module exports the kind `{one}`, the manifest says `{kind}`"),
            format!("write \"kind\": \"{one}\" and its world into the manifest, or export a plugin of kind `{kind}`"),
        )),
        several => Err(Refusal::new(
            "wrong-world",
            format!("the module exports several kinds: `{}`", several.join("`, `")),
            "make one component of each",
        )),
    }
}

fn imports(core: &[u8]) -> Vec<(&str, &str)> {
    let sections = Parser::new(0).parse_all(core).map_while(Result::ok);
    let imports = sections.filter_map(|payload| match payload {
        Payload::ImportSection(reader) => Some(reader),
        _ => None,
    });
    imports.flat_map(|reader| reader.into_imports().map_while(Result::ok)).map(|it| (it.module, it.name)).collect()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Exports are called `mcpg:plugin/KIND@1.0.0#FUNCTION`; `lifecycle` is part of every kind.
fn exported_kinds(core: &[u8]) -> Vec<String> {
    let mut kinds = Vec::new();
    for payload in Parser::new(0).parse_all(core).map_while(Result::ok) {
        let Payload::ExportSection(reader) = payload else { continue };
        for export in reader.into_iter().map_while(Result::ok).filter(|export| export.kind == ExternalKind::Func) {
            let rest = export.name.strip_prefix("mcpg:plugin/").and_then(|rest| rest.split_once("@1.0.0#"));
            if let Some((kind, _)) = rest
                && kind != "lifecycle"
                && !kinds.iter().any(|known| known == kind)
            {
                kinds.push(kind.to_owned());
            }
        }
    }
    kinds
}

fn function_names(core: &[u8]) -> Vec<&str> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(core).map_while(Result::ok) {
        let Payload::CustomSection(section) = payload else { continue };
        let KnownCustom::Name(reader) = section.as_known() else { continue };
        for part in reader.map_while(Result::ok) {
            if let Name::Function(names) = part {
                found.extend(names.into_iter().map_while(Result::ok).map(|naming| naming.name));
            }
        }
    }
    found
}
