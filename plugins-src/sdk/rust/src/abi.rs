//! How values cross the boundary: the canonical ABI of the component model, as far as the contract needs it.
//!
//! Parameters are texts and lists of replies, given as an address and a length in memory that the host took from
//! [`realloc`]. Every answer is a tag and at most four words behind it. It stays where it is until the host has read
//! it and calls `cabi_post_...`. Nothing here is for authors.

use crate::types::{Charge, Effect, Obligation, Problem, Reply};
use std::alloc::{Layout, alloc, handle_alloc_error};
use std::sync::{Mutex, PoisonError};

/// A parameter: what the host wrote into our memory becomes ours.
pub trait Lift {
    /// Takes a value over.
    ///
    /// # Safety
    /// `at` and `length` are what the host gave for a parameter of this type.
    unsafe fn lift(at: *mut u8, length: usize) -> Self;
}

impl Lift for String {
    unsafe fn lift(at: *mut u8, length: usize) -> Self {
        // SAFETY: the host allocated exactly this and has checked that it is UTF-8, as the canonical ABI demands.
        unsafe { String::from_raw_parts(at, length, length) }
    }
}

/// `variant { ok(string), failed(problem) }` as it lies in memory.
#[repr(C)]
struct RawReply {
    tag: u8,
    words: [RawText; 2],
}

#[repr(C)]
#[derive(Clone, Copy)]
struct RawText {
    at: *mut u8,
    length: usize,
}

impl Lift for Vec<Reply> {
    unsafe fn lift(at: *mut u8, length: usize) -> Self {
        // SAFETY: the host wrote `length` replies there and gave the memory to us; for none, `at` is aligned, not null.
        let raw = unsafe { Vec::from_raw_parts(at.cast::<RawReply>(), length, length) };
        // SAFETY: a text that the tag calls for is there, and is taken once.
        let text = |raw: RawText| unsafe { String::lift(raw.at, raw.length) };
        let lifted = raw.iter().map(|reply| match reply.tag {
            0 => Reply::Ok(text(reply.words[0])),
            _ => Reply::Failed(Problem { code: text(reply.words[0]), message: text(reply.words[1]) }),
        });
        lifted.collect()
    }
}

/// What stands behind the tag of an answer.
#[derive(Debug)]
pub enum Payload {
    /// Nothing.
    Nothing,
    /// A text.
    Text(String),
    /// A list of records of two texts each.
    Pairs(Vec<[String; 2]>),
    /// Two texts, a record.
    Pair([String; 2]),
    /// A list of charges.
    Charges(Vec<Charge>),
}

impl From<Problem> for Payload {
    fn from(problem: Problem) -> Self {
        Payload::Pair([problem.code, problem.message])
    }
}

impl From<Vec<Effect>> for Payload {
    fn from(effects: Vec<Effect>) -> Self {
        Payload::Pairs(effects.into_iter().map(|each| [each.driver, each.request]).collect())
    }
}

impl From<Vec<Obligation>> for Payload {
    fn from(obligations: Vec<Obligation>) -> Self {
        Payload::Pairs(obligations.into_iter().map(|each| [each.kind, each.detail]).collect())
    }
}

/// An answer as the host reads it. The tag's byte is the first of its word: WebAssembly is little-endian.
pub type Words = [usize; 5];

/// What an answer points at: kept until the host has read it.
#[derive(Default)]
struct Kept {
    words: Box<Words>,
    texts: Vec<String>,
    lists: Vec<Vec<usize>>,
    charges: Vec<RawCharge>,
}

#[repr(C)]
struct RawCharge {
    account: [usize; 2],
    numbers: [u64; 4],
}

static KEPT: Mutex<Option<Kept>> = Mutex::new(None);

/// Tests that read answers hold it: in an instance there is one thread, in tests there are many.
#[cfg(test)]
pub static ALONE: Mutex<()> = Mutex::new(());

/// Lays an answer out and returns where it is.
pub fn lower(tag: usize, payload: Payload) -> *const Words {
    let mut kept = Kept::default();
    kept.words[0] = tag;
    let behind: &[usize] = match payload {
        Payload::Nothing => &[],
        Payload::Text(text) => &kept.text(text),
        Payload::Pair([a, b]) => &[kept.text(a), kept.text(b)].concat(),
        Payload::Pairs(pairs) => {
            let words: Vec<usize> = pairs.into_iter().flatten().flat_map(|text| kept.text(text)).collect();
            &kept.list(words, 4)
        }
        Payload::Charges(charges) => &kept.charges(charges),
    };
    kept.words[1..=behind.len()].copy_from_slice(behind);
    let at: *const Words = &*kept.words;
    *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    at
}

impl Kept {
    fn text(&mut self, text: String) -> [usize; 2] {
        let words = [text.as_ptr().expose_provenance(), text.len()];
        self.texts.push(text);
        words
    }

    /// Keeps a list of records of `each` words.
    fn list(&mut self, words: Vec<usize>, each: usize) -> [usize; 2] {
        let found = [words.as_ptr().expose_provenance(), words.len() / each];
        self.lists.push(words);
        found
    }

    fn charges(&mut self, charges: Vec<Charge>) -> [usize; 2] {
        for Charge { account, cost, capacity, refill, window } in charges {
            let names = account.into_iter().flat_map(|name| self.text(name)).collect();
            let account = self.list(names, 2);
            self.charges.push(RawCharge { account, numbers: [cost, capacity, refill, window] });
        }
        [self.charges.as_ptr().expose_provenance(), self.charges.len()]
    }
}

/// Lets go of the last answer; the host has read it.
pub fn done() {
    *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// Gives the host memory for parameters.
///
/// # Safety
/// As the canonical ABI has it: `old` is nothing, or what this function gave for `old_size` and `align`.
pub unsafe fn realloc(old: *mut u8, old_size: usize, align: usize, new_size: usize) -> *mut u8 {
    if new_size == 0 {
        return std::ptr::without_provenance_mut(align);
    }
    // SAFETY: the host gives a power of two, and what it gives back is what it got.
    unsafe {
        let layout = Layout::from_size_align_unchecked(if old_size == 0 { new_size } else { old_size }, align);
        let at = if old_size == 0 { alloc(layout) } else { std::alloc::realloc(old, layout, new_size) };
        if at.is_null() {
            handle_alloc_error(layout);
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `[address, length]` pairs of texts back.
    fn texts(words: &[usize]) -> Vec<String> {
        let read = |pair: &[usize]| {
            let at = std::ptr::with_exposed_provenance::<u8>(pair[0]);
            // SAFETY: `lower` wrote these two words for a text that is still kept.
            String::from_utf8(unsafe { std::slice::from_raw_parts(at, pair[1]) }.to_vec()).unwrap()
        };
        words.chunks_exact(2).map(read).collect()
    }

    #[test]
    fn answers_lie_as_the_canonical_abi_wants_them() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: each answer is read before the next is made.
        let answer = |tag, payload| unsafe { *lower(tag, payload) };
        assert_eq!(answer(1, Payload::Nothing), [1, 0, 0, 0, 0]);
        let told = answer(0, Payload::Text("grüß".into()));
        assert_eq!((told[0], texts(&told[1..3])), (0, vec!["grüß".to_owned()]));
        let told = answer(3, Problem::new("code", "message").into());
        assert_eq!((told[0], texts(&told[1..5])), (3, vec!["code".to_owned(), "message".to_owned()]));
        let told = answer(4, Payload::Pairs(vec![["a".into(), "b".into()], ["c".into(), String::new()]]));
        assert_eq!(told[2], 2);
        let at = std::ptr::with_exposed_provenance::<usize>(told[1]);
        // SAFETY: two records of four words each stand there.
        assert_eq!(texts(unsafe { std::slice::from_raw_parts(at, 8) }), ["a", "b", "c", ""]);
        let charge = Charge { account: vec!["x".into()], cost: 1, capacity: 2, refill: 3, window: 4 };
        let told = answer(0, Payload::Charges(vec![charge]));
        let at = std::ptr::with_exposed_provenance::<RawCharge>(told[1]);
        // SAFETY: one charge stands there.
        let RawCharge { account, numbers } = unsafe { &*at };
        assert_eq!((account[1], numbers), (1, &[1, 2, 3, 4]));
        done();
        assert!(KEPT.lock().unwrap().is_none());
    }

    #[test]
    fn parameters_become_ours() {
        let given = |text: &str| {
            // SAFETY: this is what the host does for a text.
            unsafe {
                let at = realloc(std::ptr::null_mut(), 0, 1, text.len());
                std::ptr::copy_nonoverlapping(text.as_ptr(), at, text.len());
                RawText { at, length: text.len() }
            }
        };
        let none = RawText { at: std::ptr::null_mut(), length: 0 };
        let raw =
            [RawReply { tag: 0, words: [given("{}"), none] }, RawReply { tag: 1, words: [given("code"), given("")] }];
        // SAFETY: this is what the host does for a list.
        let lifted = unsafe {
            let at = realloc(std::ptr::null_mut(), 0, align_of::<RawReply>(), size_of_val(&raw));
            std::ptr::copy_nonoverlapping(raw.as_ptr().cast::<u8>(), at, size_of_val(&raw));
            Vec::<Reply>::lift(at, raw.len())
        };
        assert_eq!(lifted, [Reply::Ok("{}".into()), Reply::Failed(Problem::new("code", ""))]);
        // SAFETY: an empty list has no memory.
        assert!(unsafe { Vec::<Reply>::lift(realloc(std::ptr::null_mut(), 0, 8, 0), 0) }.is_empty());
    }
}
