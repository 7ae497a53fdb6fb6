//! What is refused when configured, with file and position.

use super::*;

const SCHEMA: &str = include_str!("../../schema.cedarschema");

fn with_schema(policies: &str) -> Value {
    json!({"policies": [{"name": "a.cedar", "text": policies}], "schema": {"name": "s", "text": SCHEMA}})
}

#[test]
fn the_documented_schema_takes_documented_policies() {
    let policies = r#"
        permit(principal in Mcpg::Group::"analysts", action == Mcpg::Action::"tools/call", resource)
        when { context.arguments has limit && context.arguments.limit <= 100 };"#;
    let cedar = Cedar::new(with_schema(policies)).unwrap();
    assert!(matches!(decide_by(&cedar, json!({"limit": 100, "other": 1})), Verdict::Permit(_)));
    assert!(matches!(decide_by(&cedar, json!({"limit": 101})), Verdict::Deny(_)));
}

#[test]
fn a_policy_outside_the_schema_is_refused_with_its_place() {
    let policies = "permit(principal, action == Mcpg::Action::\"tools/call\", resource)\nwhen { principal.agee == 1 };";
    let message = refusal(with_schema(policies));
    assert!(message.starts_with("a.cedar:2:8: "), "{message}");
    let missing_has =
        r#"permit(principal, action == Mcpg::Action::"tools/call", resource) when { context.arguments.limit == 1 };"#;
    assert!(refusal(with_schema(missing_has)).starts_with("a.cedar:1:"));
}

#[test]
fn a_syntax_error_has_its_place() {
    let message =
        refusal(json!({"policies": [{"name": "b.cedar", "text": "permit(principal, action, resource);\nforbod();"}]}));
    assert!(message.starts_with("b.cedar:2:1: "), "{message}");
    let message = refusal(json!({"policies": [], "schema": {"name": "c.cedarschema", "text": "entity A;\nentity ;"}}));
    assert!(message.starts_with("c.cedarschema:2:"), "{message}");
}

#[test]
fn annotations_are_checked() {
    for bad in [
        r#"@obligation("redact") forbid(principal, action, resource);"#,
        r#"@obligation("redact") @detail("not json") permit(principal, action, resource);"#,
        r#"@obligation("redact") @detail("[]") permit(principal, action, resource);"#,
        r#"@detail("{}") permit(principal, action, resource);"#,
        r#"@obligation("") permit(principal, action, resource);"#,
        r#"@id("x") permit(principal, action, resource); @id("x") permit(principal, action, resource);"#,
        r#"permit(principal == ?principal, action, resource);"#,
    ] {
        let message = refusal(json!({"policies": [{"name": "d.cedar", "text": bad}]}));
        assert!(message.starts_with("d.cedar:"), "{message}");
    }
}

#[test]
fn bad_entities_are_refused() {
    assert!(refusal(json!({"policies": [], "entities": [{"uid": 1}]})).starts_with("`entities`"));
}

#[test]
fn files_with_the_same_policies_do_not_clash() {
    let file = |name: &str| json!({"name": name, "text": "permit(principal, action, resource);"});
    assert!(Cedar::new(json!({"policies": [file("a"), file("b")]})).is_ok());
}
