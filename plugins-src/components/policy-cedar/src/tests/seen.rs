//! What a caller may see: hidden is only what no arguments could make permitted.

use super::*;

fn see(policies: &str, names: &[&str]) -> String {
    let actions: Vec<Value> = names.iter().map(|name| action(name, Value::Null)).collect();
    cedar(policies).see(&mut Run::new(vec![]), Doc(&ana()), Doc(&json!(actions).to_string())).unwrap()
}

#[test]
fn what_is_surely_denied_is_hidden() {
    let policies = r#"
        permit(principal, action, resource == Mcpg::Tool::"open");
        permit(principal in Mcpg::Group::"admins", action, resource == Mcpg::Tool::"admin");
        permit(principal, action, resource == Mcpg::Tool::"some") when { context.arguments.n < 10 };
        forbid(principal, action, resource == Mcpg::Tool::"shut");
        permit(principal, action, resource == Mcpg::Tool::"shut");"#;
    assert_eq!(see(policies, &["open", "admin", "some", "shut", "other"]), "pdpdd");
}

#[test]
fn a_forbid_that_hangs_on_arguments_hides_nothing() {
    let policies = r#"permit(principal, action, resource);
        forbid(principal, action, resource) when { context.arguments has force && context.arguments.force };"#;
    assert_eq!(see(policies, &["a"]), "p");
}

#[test]
fn an_error_is_no_proof() {
    let policies = "permit(principal, action, resource) when { principal.missing == 1 };";
    assert_eq!(see(policies, &["a"]), "p");
}

#[test]
fn whatever_some_arguments_permit_is_seen() {
    let policies = r#"permit(principal, action, resource) when { context.arguments.n > 3 && principal.id == "ana" };
                      forbid(principal, action, resource) when { context.arguments.n > 5 || context.arguments.n == 4 };"#;
    assert_eq!(see(policies, &["a"]), "p");
    assert!(permits(policies, json!({"n": 5})));
}

#[test]
fn nothing_asked_is_nothing_answered() {
    assert_eq!(see("", &[]), "");
}
