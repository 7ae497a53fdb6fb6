//! What counts as a key of ours, and what becomes of it.

use super::*;
use mcpg_sdk::json;
use sha2::{Digest, Sha256};

fn hash(key: &str) -> String {
    let hex: String = Sha256::digest(key).iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256:{hex}")
}

fn plugin() -> ApiKeys {
    let keys = json!([
        {"id": "ana", "hash": hash("mcpg_a"), "groups": ["analysts"]},
        {"id": "bot", "hash": hash("mcpg_b"), "kind": "service", "tenant": "acme", "attributes": {"team": "x"}},
    ]);
    ApiKeys::new(json!({"keys": keys})).unwrap()
}

fn identify(headers: Value) -> Finding {
    let request = json!({"transport": "http", "peer": {}, "headers": headers, "run": null}).to_string();
    plugin().identify(&mut Run::new(vec![]), Doc(&request)).unwrap()
}

fn id(finding: &Finding) -> String {
    let Finding::Caller(caller) = finding else { panic!("{finding:?}") };
    Doc(&caller.0).value().unwrap()["id"].as_str().unwrap().into()
}

#[test]
fn known_keys_are_callers_in_either_header() {
    assert_eq!(id(&identify(json!({"authorization": "Bearer mcpg_a"}))), "ana");
    assert_eq!(id(&identify(json!({"authorization": "bearer  mcpg_b"}))), "bot");
    assert_eq!(id(&identify(json!({"x-api-key": "mcpg_b"}))), "bot");
    assert_eq!(id(&identify(json!({"x-api-key": "mcpg_a", "authorization": "Bearer mcpg_a"}))), "ana");
}

#[test]
fn credentials_of_another_kind_are_left_to_others() {
    for headers in [json!({}), json!({"authorization": "Basic x"}), json!({"authorization": "Bearer eyJhbGciOi"})] {
        assert!(matches!(identify(headers.clone()), Finding::Abstain), "{headers}");
    }
}

#[test]
fn bad_keys_are_rejected() {
    let long = "mcpg_".repeat(200);
    for headers in [
        json!({"authorization": "Bearer mcpg_c"}),
        json!({"authorization": "Bearer mcpg_"}),
        json!({"authorization": format!("Bearer {long}")}),
        json!({"x-api-key": ""}),
        json!({"x-api-key": "other"}),
        json!({"x-api-key": "mcpg_a", "authorization": "Bearer mcpg_b"}),
        json!({"x-api-key": "mcpg_a", "authorization": "Basic x"}),
    ] {
        let finding = identify(headers.clone());
        assert!(matches!(&finding, Finding::Reject(p) if p.code == "bad-credential"), "{headers} {finding:?}");
    }
}

#[test]
fn the_caller_document_is_complete() {
    let Finding::Caller(caller) = identify(json!({"x-api-key": "mcpg_b"})) else { panic!() };
    let caller = Doc(&caller.0).value().unwrap();
    assert_eq!(
        caller,
        json!({"id": "bot", "kind": "service", "how": {"credential": "api-key"}, "trust": "verified",
               "tenant": "acme", "groups": [], "roles": [], "scopes": [], "attributes": {"team": "x"}})
    );
}

#[test]
fn bad_hashes_are_refused_by_place() {
    for bad in ["", "sha256:00", "sha256:", &hash("x").to_uppercase(), &format!("{}0", hash("x"))] {
        let refused = ApiKeys::new(json!({"keys": [{"id": "a", "hash": bad}]})).err().unwrap();
        assert!(refused.message.contains("keys[0].hash"), "{bad}");
    }
    let twice = json!({"keys": [{"id": "a", "hash": hash("x")}, {"id": "b", "hash": hash("x")}]});
    assert!(ApiKeys::new(twice).err().unwrap().message.contains("keys[1].hash"));
}
