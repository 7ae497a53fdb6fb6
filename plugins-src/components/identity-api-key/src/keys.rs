//! The hashes of all keys and who they stand for. A look-up takes the same time whatever key is asked for.

use mcpg_sdk::{Map, Problem, Value, json, problem};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};

type Hash = [u8; 32];

/// A key as the operator writes it.
#[derive(Deserialize)]
pub struct Entry {
    id: String,
    hash: String,
    #[serde(default)]
    kind: Kind,
    #[serde(default = "default_tenant")]
    tenant: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    attributes: Map<String, Value>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    User,
    Service,
    Workload,
}

fn default_tenant() -> String {
    "default".into()
}

/// All keys, in the operator's order.
pub struct Ring {
    hashes: Vec<Hash>,
    callers: Vec<String>,
}

impl Ring {
    /// Returns the ring; fails with `bad-config` on a hash that is none or stands there twice.
    pub fn new(entries: Vec<Entry>) -> Result<Self, Problem> {
        let mut ring = Ring { hashes: Vec::new(), callers: Vec::new() };
        for (place, entry) in entries.into_iter().enumerate() {
            let hash = parse(&entry.hash)
                .ok_or_else(|| bad(place, "is not `sha256:` and 64 lower-case hexadecimal digits"))?;
            if ring.hashes.contains(&hash) {
                return Err(bad(place, "stands there twice"));
            }
            ring.hashes.push(hash);
            ring.callers.push(caller(entry));
        }
        Ok(ring)
    }

    /// Returns the caller document of a key. Every hash is compared, whether one has matched or not.
    pub fn find(&self, key: &[u8]) -> Option<&str> {
        let presented: Hash = Sha256::digest(key).into();
        let mut found = u32::MAX;
        for (place, hash) in (0u32..).zip(&self.hashes) {
            found.conditional_assign(&place, hash.ct_eq(&presented));
        }
        self.callers.get(found as usize).map(String::as_str)
    }
}

fn bad(place: usize, what: &str) -> Problem {
    problem("bad-config", format!("`keys[{place}].hash` {what}"))
}

fn caller(entry: Entry) -> String {
    let kind = match entry.kind {
        Kind::User => "user",
        Kind::Service => "service",
        Kind::Workload => "workload",
    };
    json!({
        "id": entry.id, "kind": kind, "how": {"credential": "api-key"}, "trust": "verified", "tenant": entry.tenant,
        "groups": entry.groups, "roles": entry.roles, "scopes": entry.scopes, "attributes": entry.attributes,
    })
    .to_string()
}

fn parse(text: &str) -> Option<Hash> {
    let digits = text.strip_prefix("sha256:")?.as_bytes();
    let nibble = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let mut hash = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(hash)
}
