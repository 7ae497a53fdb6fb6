//! Which accounts are charged, and how much.

use super::*;
use mcpg_sdk::json;

fn charges(rules: Value, action: Value) -> Vec<Charge> {
    let rate = Rate::new(json!({"rules": rules})).unwrap();
    let Plan::Charge(reserved) = rate.reserve(Doc(r#"{"id": "ana"}"#), Doc(&action.to_string())).unwrap() else {
        panic!()
    };
    let settled = rate.settle(Doc(r#"{"id": "ana"}"#), Doc(&action.to_string()), Doc("{}")).unwrap();
    assert_eq!(format!("{reserved:?}"), format!("{settled:?}"));
    reserved
}

fn tool(name: &str) -> Value {
    json!({"kind": "tool", "name": name, "session": "s1"})
}

#[test]
fn numbers_are_millionths() {
    let charged = charges(json!([{"per": ["tenant"], "burst": 20, "per_second": 0.5}]), tool("a"));
    assert_eq!(
        (charged[0].cost, charged[0].capacity, charged[0].refill, charged[0].window),
        (1_000_000, 20_000_000, 500_000, 0)
    );
    assert_eq!(charged[0].account, ["rule", "0"]);
}

#[test]
fn accounts_are_named_by_what_the_rule_counts() {
    let rules = json!([{"name": "x", "per": ["caller", "tool", "session"], "burst": 1, "per_second": 1}]);
    assert_eq!(
        charges(rules.clone(), tool("a"))[0].account,
        ["rule", "x", "caller", "", "ana", "tool", "a", "session", "s1"]
    );
    let without = json!({"kind": "tool", "name": "a", "session": ""});
    assert_eq!(
        charges(rules, without)[0].account,
        ["rule", "x", "caller", "", "ana", "tool", "a", "caller", "", "ana"]
    );
}

#[test]
fn rules_for_tools_leave_others_alone() {
    let rules = json!([{"per": ["tool"], "burst": 1, "per_second": 1, "tools": ["top-*", "b"]}]);
    assert_eq!(charges(rules.clone(), tool("top-x")).len(), 1);
    assert_eq!(charges(rules.clone(), tool("a")).len(), 0);
    assert_eq!(charges(rules, json!({"kind": "prompt", "name": "b"})).len(), 0);
}

#[test]
fn numbers_out_of_range_are_refused() {
    for (burst, per_second) in [(0.5, 1.0), (1.0, 0.0), (1e300, 1.0), (1.0, -1.0)] {
        let rule = json!({"per": ["caller"], "burst": burst, "per_second": per_second});
        assert!(Rate::new(json!({"rules": [rule]})).is_err(), "{burst} {per_second}");
    }
}

#[test]
fn two_rules_never_share_buckets() {
    let rule = json!({"name": "1", "per": ["caller"], "burst": 1, "per_second": 1});
    let unnamed = json!({"per": ["caller"], "burst": 1, "per_second": 1});
    assert!(Rate::new(json!({"rules": [rule, unnamed]})).is_err());
}
