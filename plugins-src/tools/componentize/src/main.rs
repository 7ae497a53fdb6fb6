//! `componentize CORE.wasm MANIFEST.json OUT.wasm`: makes a component of a core module and appends the manifest as the
//! custom section `mcpg:manifest`. It does not judge the manifest beyond JSON and size; the host does.

use std::process::ExitCode;
use std::{env, fs};

const SECTION: &str = "mcpg:manifest";
const MAX_MANIFEST: usize = 64 * 1024;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("componentize: {what}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let [core, manifest, out] =
        env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "usage: CORE.wasm MANIFEST.json OUT.wasm")?;
    let module = read(&core)?;
    let mut component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.encode())
        .map_err(|e| format!("`{core}` is no module of a world: {e:#}"))?;
    let manifest = compact(&manifest, &read(&manifest)?)?;
    append_section(&mut component, SECTION, &manifest);
    fs::write(&out, component).map_err(|e| format!("cannot write `{out}`: {e}"))
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e| format!("cannot read `{path}`: {e}"))
}

fn compact(path: &str, text: &[u8]) -> Result<Vec<u8>, String> {
    let value: serde_json::Value = serde_json::from_slice(text).map_err(|e| format!("`{path}` is not JSON: {e}"))?;
    let text = value.to_string().into_bytes();
    if text.len() > MAX_MANIFEST {
        return Err(format!("`{path}` has {} bytes, at most {MAX_MANIFEST} are allowed", text.len()));
    }
    Ok(text)
}

/// A custom section is: id 0, the length of the rest, the length of its name, the name, the bytes.
fn append_section(wasm: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    let mut body = Vec::new();
    leb128(&mut body, name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(bytes);
    wasm.push(0);
    leb128(wasm, body.len());
    wasm.extend_from_slice(&body);
}

fn leb128(out: &mut Vec<u8>, mut n: usize) {
    loop {
        let low = (n & 0x7f) as u8;
        n >>= 7;
        out.push(if n == 0 { low } else { low | 0x80 });
        if n == 0 {
            return;
        }
    }
}
