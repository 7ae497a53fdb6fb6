//! What the host calls: bytes in, bytes out, through the memory of this module.
//!
//! The input is a row of parts, each a length (32 bits, little endian) and that many bytes. The output begins with one
//! byte: 0 before what was asked for, 1 before three lines of text (code, cause, remedy) that say why there is none.

use crate::{MANIFEST, Refusal, componentize, find_section, forbidden_calls};

/// Returns the address of `size` bytes for the input. It is never given back: the host drops the instance.
#[unsafe(no_mangle)]
extern "C" fn tool_alloc(size: usize) -> *mut u8 {
    Box::leak(vec![0; size].into_boxed_slice()).as_mut_ptr()
}

/// Parts: core module, kind, manifest. Output: the component.
///
/// # Safety
/// `at` and `size` must be a block of `tool_alloc`; the same holds for the functions below.
#[unsafe(no_mangle)]
unsafe extern "C" fn tool_componentize(at: *const u8, size: usize) -> u64 {
    // SAFETY: the host passes what `tool_alloc` gave it
    let parts = unsafe { parts(at, size) };
    let &[core, kind, manifest] = parts.as_slice() else { return answer(Err(malformed())) };
    answer(std::str::from_utf8(kind).map_err(|_| malformed()).and_then(|kind| componentize(core, kind, manifest)))
}

/// Parts: core module. Output: the calls that trap, one on each line.
#[unsafe(no_mangle)]
unsafe extern "C" fn tool_forbidden_calls(at: *const u8, size: usize) -> u64 {
    // SAFETY: the host passes what `tool_alloc` gave it
    let parts = unsafe { parts(at, size) };
    let &[core] = parts.as_slice() else { return answer(Err(malformed())) };
    answer(Ok(forbidden_calls(core).join("\n").into_bytes()))
}

/// Parts: core module. Output: the body of its manifest section, or nothing.
#[unsafe(no_mangle)]
unsafe extern "C" fn tool_manifest(at: *const u8, size: usize) -> u64 {
    // SAFETY: the host passes what `tool_alloc` gave it
    let parts = unsafe { parts(at, size) };
    let &[core] = parts.as_slice() else { return answer(Err(malformed())) };
    answer(Ok(find_section(core, MANIFEST).unwrap_or_default().to_vec()))
}

fn malformed() -> Refusal {
    Refusal::new("internal", "the tool was asked in a way it does not know", "report this as a bug")
}

/// # Safety
/// `at` must be readable for `size` bytes and stay so.
unsafe fn parts<'a>(at: *const u8, size: usize) -> Vec<&'a [u8]> {
    // SAFETY: as the caller promises
    let mut rest = unsafe { std::slice::from_raw_parts(at, size) };
    let mut found = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let Some((part, behind)) = behind.split_at_checked(u32::from_le_bytes(*length) as usize) else {
            return Vec::new();
        };
        found.push(part);
        rest = behind;
    }
    found
}

fn answer(result: Result<Vec<u8>, Refusal>) -> u64 {
    let text = match result {
        Ok(bytes) => [&[0], bytes.as_slice()].concat(),
        Err(Refusal { code, cause, remedy }) => format!("\x01{code}\n{cause}\n{remedy}").into_bytes(),
    };
    let text = Box::leak(text.into_boxed_slice());
    ((text.as_ptr() as u64) << 32) | text.len() as u64
}
