//! Custom sections of a core module or component at its top level. Nested ones are left alone.

use wasmparser::{BinaryReader, Encoding, Parser, Payload};

/// Returns the body of the first custom section called `name`; nothing when there is none or the module is broken.
pub fn find<'a>(wasm: &'a [u8], name: &str) -> Option<&'a [u8]> {
    Parser::new(0).parse_all(wasm).map_while(Result::ok).find_map(|payload| match payload {
        Payload::CustomSection(section) if section.name() == name => Some(section.data()),
        _ => None,
    })
}

/// Returns whether the bytes begin as a core module does.
pub fn is_core(wasm: &[u8]) -> bool {
    let first = Parser::new(0).parse_all(wasm).next();
    matches!(first, Some(Ok(Payload::Version { encoding: Encoding::Module, .. })))
}

/// Returns the module without its custom sections called `name`; what cannot be read stays as it is.
pub fn without(wasm: &[u8], name: &str) -> Vec<u8> {
    let mut kept = wasm[..wasm.len().min(8)].to_vec();
    let mut from = kept.len();
    while let Some((end, custom)) = next(wasm, from) {
        if custom != Some(name) {
            kept.extend_from_slice(&wasm[from..end]);
        }
        from = end;
    }
    kept.extend_from_slice(&wasm[from..]);
    kept
}

/// Returns where the section that begins at `from` ends, and its name if it is a custom one.
fn next(wasm: &[u8], from: usize) -> Option<(usize, Option<&str>)> {
    let mut reader = BinaryReader::new(wasm.get(from..)?, 0);
    let id = reader.read_u8().ok()?;
    let size = reader.read_var_u32().ok()?;
    let begin = from + reader.current_position();
    let body = wasm.get(begin..begin.checked_add(size as usize)?)?;
    let name = if id == 0 { BinaryReader::new(body, 0).read_string().ok() } else { None };
    Some((begin + body.len(), name))
}

/// Appends a custom section: id 0, the length of the rest, the length of its name, the name, the bytes.
pub fn append(wasm: &mut Vec<u8>, name: &str, bytes: &[u8]) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_come_and_go() {
        let empty = b"\0asm\x01\0\0\0".to_vec();
        let mut module = empty.clone();
        append(&mut module, "other", &[7; 300]);
        let mut both = module.clone();
        append(&mut both, "mine", &[9; 200]);
        append(&mut both, "mine", b"");
        assert_eq!(find(&both, "mine"), Some(&[9u8; 200][..]));
        assert_eq!(without(&both, "mine"), module);
        assert_eq!(without(&module, "other"), empty);
        assert!(is_core(&both) && !is_core(b"\0asm\x0d\0\x01\0") && !is_core(b""));
    }
}
