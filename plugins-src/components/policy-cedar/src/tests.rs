//! What policies can say, and that whatever goes wrong denies.

use super::*;
use mcpg_sdk::json;

mod configured;
mod decided;
mod seen;

fn cedar(policies: &str) -> Cedar {
    Cedar::new(json!({"policies": [{"name": "p.cedar", "text": policies}]})).unwrap()
}

fn refusal(config: Value) -> String {
    Cedar::new(config).err().unwrap().message
}

fn ana() -> String {
    json!({"id": "ana", "kind": "user", "how": {"credential": "api-key", "plugin": "keys"}, "trust": "verified",
           "issuer": "", "tenant": "default", "groups": ["analysts"], "roles": ["reader"], "scopes": ["s"],
           "attributes": {"team": "x"}})
    .to_string()
}

fn action(name: &str, arguments: Value) -> Value {
    json!({"method": "tools/call", "kind": "tool", "name": name, "backend": "sales", "upstream": "",
           "annotations": {"readOnlyHint": true, "weight": 0.123456}, "session": "s1", "era": "legacy",
           "arguments": arguments, "run": null})
}

fn decide_by(cedar: &Cedar, arguments: Value) -> Verdict {
    let action = action("search", arguments).to_string();
    cedar.decide(&mut Run::new(vec![]), Doc(&ana()), Doc(&action)).unwrap()
}

fn decide(policies: &str, arguments: Value) -> Verdict {
    decide_by(&cedar(policies), arguments)
}

fn denial(verdict: Verdict) -> Problem {
    let Verdict::Deny(problem) = verdict else { panic!("{verdict:?}") };
    problem
}

fn permits(policies: &str, arguments: Value) -> bool {
    matches!(decide(policies, arguments), Verdict::Permit(_))
}
