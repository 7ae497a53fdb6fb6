//! Issues fixed secrets by reference: one for each target, for callers in certain groups. It never sees a secret.
//!
//! The credential's value is the reference (`secret://env/NAME`); the host puts the secret in its place.

use mcpg_sdk::{Credential, Doc, Issue, Plugin, Problem, Run, Stop, Value, json, problem, read_config};
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Deserialize)]
struct Static {
    credentials: HashMap<String, Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    secret: String,
    #[serde(default = "bearer")]
    scheme: String,
    #[serde(default = "authorization")]
    header: String,
    #[serde(default)]
    groups: Vec<String>,
}

#[derive(Deserialize)]
struct Caller {
    #[serde(default)]
    groups: Vec<String>,
}

fn bearer() -> String {
    "Bearer".into()
}

fn authorization() -> String {
    "authorization".into()
}

impl Plugin for Static {
    fn new(config: Value) -> Result<Self, Problem> {
        let known: Static = read_config(config)?;
        match known.credentials.iter().find(|(_, written)| !written.secret.starts_with("secret://")) {
            Some((target, _)) => {
                Err(problem("bad-config", format!("`credentials.{target}.secret` is no `secret://` reference")))
            }
            None => Ok(known),
        }
    }
}

impl Credential for Static {
    fn issue_for(&self, _: &mut Run, caller: Doc, target: &str) -> Result<Issue, Stop> {
        let Caller { groups } = caller.read()?;
        let deny = |what: String| Ok(Issue::Deny(problem("no-credential", what)));
        let Some(written) = self.credentials.get(target) else {
            return deny(format!("there is no credential for `{target}`"));
        };
        if !written.groups.is_empty() && !groups.iter().any(|group| written.groups.contains(group)) {
            return deny(format!("the credential for `{target}` is not for this caller"));
        }
        let credential =
            json!({"value": written.secret, "scheme": written.scheme, "header": written.header, "expires": 0});
        Ok(Issue::Issued(credential.into()))
    }
}

mcpg_sdk::credential!(Static);

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(target: &str, groups: Value) -> Issue {
        let credentials = json!({
            "docs": {"secret": "secret://env/DOCS", "groups": ["staff"]},
            "open": {"secret": "secret://file/open", "scheme": "", "header": "x-key"},
        });
        let plugin = Static::new(json!({"credentials": credentials})).unwrap();
        plugin.issue_for(&mut Run::new(vec![]), Doc(&json!({"groups": groups}).to_string()), target).unwrap()
    }

    #[test]
    fn a_reference_is_issued_and_never_a_secret() {
        let Issue::Issued(json) = issue("docs", json!(["staff"])) else { panic!() };
        assert_eq!(json.0, r#"{"value":"secret://env/DOCS","scheme":"Bearer","header":"authorization","expires":0}"#);
        assert!(
            matches!(issue("open", json!([])), Issue::Issued(json) if json.0.contains(r#""scheme":"","header":"x-key""#))
        );
    }

    #[test]
    fn others_are_denied() {
        assert!(matches!(issue("docs", json!(["guests"])), Issue::Deny(_)));
        assert!(matches!(issue("gone", json!(["staff"])), Issue::Deny(_)));
    }

    #[test]
    fn a_secret_in_the_configuration_is_refused_and_not_repeated() {
        let config = json!({"credentials": {"docs": {"secret": "hunter2"}}});
        assert!(!Static::new(config).err().unwrap().message.contains("hunter2"));
    }
}
