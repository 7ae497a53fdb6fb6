//! Knows callers by API keys in `Authorization: Bearer` or `x-api-key`. It holds SHA-256 hashes and never a key.
//!
//! Keys are 256 bits of randomness, so nobody can try them out: a fast hash is right, and a slow one would let anybody
//! spend our time. It is not for passwords.

mod keys;

use keys::Ring;
use mcpg_sdk::{Doc, Finding, Identity, Json, Plugin, Problem, Run, Stop, Value, problem, read_config};
use serde::Deserialize;
use std::borrow::Cow;

const LONGEST_KEY: usize = 512;

#[derive(Deserialize)]
struct Config {
    keys: Vec<keys::Entry>,
    #[serde(default = "default_prefix")]
    prefix: String,
}

fn default_prefix() -> String {
    "mcpg_".into()
}

struct ApiKeys {
    ring: Ring,
    prefix: String,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow, default)]
    headers: Headers<'a>,
}

#[derive(Deserialize, Default)]
struct Headers<'a> {
    #[serde(borrow)]
    authorization: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "x-api-key")]
    api_key: Option<Cow<'a, str>>,
}

impl Plugin for ApiKeys {
    fn new(config: Value) -> Result<Self, Problem> {
        let config: Config = read_config(config)?;
        Ok(ApiKeys { ring: Ring::new(config.keys)?, prefix: config.prefix })
    }
}

impl Identity for ApiKeys {
    fn identify(&self, _: &mut Run, request: Doc) -> Result<Finding, Stop> {
        let Request { headers } = request.read()?;
        let bearer = headers.authorization.as_deref().map(bearer_token);
        let key = match (bearer, headers.api_key.as_deref()) {
            (None | Some(None), None) => return Ok(Finding::Abstain),
            (Some(Some(token)), None) if !token.starts_with(&self.prefix) => return Ok(Finding::Abstain),
            (Some(Some(token)), None) => token,
            (None, Some(key)) => key.trim(),
            (Some(Some(token)), Some(key)) if token == key.trim() => token,
            (Some(_), Some(_)) => return Ok(reject("`authorization` and `x-api-key` hold different credentials")),
        };
        let found = if key.len() <= LONGEST_KEY { self.ring.find(key.as_bytes()) } else { None };
        Ok(found.map_or_else(|| reject("the API key is not known"), |caller| Finding::Caller(Json(caller.into()))))
    }
}

fn reject(message: &str) -> Finding {
    Finding::Reject(problem("bad-credential", message))
}

/// Returns the token of a bearer header; `None` for any other scheme (RFC 9110, 11.1: schemes have no case).
fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

mcpg_sdk::identity!(ApiKeys);

#[cfg(test)]
mod tests;
