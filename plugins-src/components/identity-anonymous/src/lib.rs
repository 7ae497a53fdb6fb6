//! Lets callers without a credential in, if they come from this machine. It belongs at the end of an identity chain.
//!
//! A credential that nobody before it knew is rejected here: a bad credential never becomes anonymous.

use mcpg_sdk::{Doc, Finding, Identity, Json, Plugin, Problem, Run, Stop, Value, json, problem};
use serde::Deserialize;
use serde::de::IgnoredAny;

struct Anonymous {
    caller: String,
}

#[derive(Deserialize)]
struct Request {
    peer: Peer,
    #[serde(default)]
    headers: Headers,
}

#[derive(Deserialize)]
struct Peer {
    #[serde(default)]
    local: bool,
}

#[derive(Deserialize, Default)]
struct Headers {
    authorization: Option<IgnoredAny>,
    #[serde(rename = "x-api-key")]
    api_key: Option<IgnoredAny>,
}

impl Plugin for Anonymous {
    fn new(config: Value) -> Result<Self, Problem> {
        let listed = |name: &str| config.get(name).cloned().unwrap_or_else(|| json!([]));
        let caller = json!({
            "id": "anonymous", "kind": "anonymous", "how": {"credential": "none"}, "trust": "anonymous",
            "groups": listed("groups"), "roles": listed("roles"),
        });
        Ok(Anonymous { caller: caller.to_string() })
    }
}

impl Identity for Anonymous {
    fn identify(&self, _: &mut Run, request: Doc) -> Result<Finding, Stop> {
        let Request { peer, headers } = request.read()?;
        if headers.authorization.is_some() || headers.api_key.is_some() {
            return Ok(Finding::Reject(problem("bad-credential", "the credential is not known")));
        }
        Ok(if peer.local { Finding::Caller(Json(self.caller.clone())) } else { Finding::Abstain })
    }
}

mcpg_sdk::identity!(Anonymous);

#[cfg(test)]
mod tests {
    use super::*;

    fn identify(local: bool, headers: Value) -> Finding {
        let request = json!({"transport": "http", "peer": {"local": local}, "headers": headers}).to_string();
        Anonymous::new(json!({})).unwrap().identify(&mut Run::new(vec![]), Doc(&request)).unwrap()
    }

    #[test]
    fn only_local_peers_without_a_credential_come_in() {
        assert!(matches!(identify(true, json!({})), Finding::Caller(c) if c.0.contains(r#""kind":"anonymous""#)));
        assert!(matches!(identify(false, json!({})), Finding::Abstain));
    }

    #[test]
    fn a_credential_never_becomes_anonymous() {
        for headers in [json!({"authorization": "Bearer x"}), json!({"x-api-key": ""}), json!({"authorization": ""})] {
            assert!(matches!(identify(true, headers.clone()), Finding::Reject(_)), "{headers}");
            assert!(matches!(identify(false, headers.clone()), Finding::Reject(_)), "{headers}");
        }
    }
}
