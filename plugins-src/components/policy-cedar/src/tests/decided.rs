//! Decisions: permits, denials, errors, obligations, and values that Cedar cannot carry.

use super::*;

const ALL: &str = "permit(principal, action, resource);";

#[test]
fn principal_action_and_resource_are_as_documented() {
    for policy in [
        r#"permit(principal == Mcpg::Caller::"ana", action == Mcpg::Action::"tools/call", resource == Mcpg::Tool::"search");"#,
        r#"permit(principal in Mcpg::Group::"analysts", action, resource) when { resource.backend == "sales" };"#,
        r#"permit(principal in Mcpg::Role::"reader", action, resource) when { resource.annotations.readOnlyHint };"#,
        r#"permit(principal, action, resource) when { principal.attributes.team == "x" && principal.trust == "verified" };"#,
        r#"permit(principal, action, resource) when { principal.scopes.contains("s") && context.era == "legacy" };"#,
        r#"permit(principal, action, resource) when { context.era == "legacy" && principal.plugin == "keys" };"#,
    ] {
        assert!(permits(policy, json!({})), "{policy}");
    }
    assert_eq!(denial(decide("", json!({}))).message, "no policy permits this");
}

#[test]
fn a_notice_needs_no_permit_and_can_be_forbidden() {
    let told = |policies: &str, method: &str| {
        let mut action = action("search", json!({}));
        action["method"] = method.into();
        cedar(policies).decide(&mut Run::new(vec![]), Doc(&ana()), Doc(&action.to_string())).unwrap()
    };
    let calls = r#"permit(principal, action == Mcpg::Action::"tools/call", resource);"#;
    assert!(matches!(told(calls, "notifications/progress"), Verdict::Abstain));
    assert!(matches!(told(calls, "elicitation/create"), Verdict::Deny(_)));
    let quiet = r#"forbid(principal, action == Mcpg::Action::"notifications/message", resource);"#;
    assert!(matches!(told(quiet, "notifications/message"), Verdict::Deny(_)));
    assert!(matches!(told(quiet, "notifications/progress"), Verdict::Abstain));
    let erring = "forbid(principal, action, resource) when { context.arguments.n > 1 };";
    assert!(matches!(told(erring, "notifications/progress"), Verdict::Deny(_)));
}

#[test]
fn arguments_are_typed() {
    for (condition, arguments) in [
        (r#"context.arguments.n == 5"#, json!({"n": 5.0})),
        (r#"context.arguments.n.lessThan(decimal("5.5"))"#, json!({"n": 5.4375})),
        (r#"context.arguments.list.contains("a")"#, json!({"list": ["a", 1, true]})),
        (r#"context.arguments.o.inner like "x*""#, json!({"o": {"inner": "xyz"}})),
        (r#"context.arguments has a && !(context.arguments has b)"#, json!({"a": null})),
        (r#"context.arguments.a == 1"#, json!({"a": 1, "touched never": [null, 1e300, 18446744073709551615u64]})),
    ] {
        let policy = format!("permit(principal, action, resource) when {{ {condition} }};");
        assert!(permits(&policy, arguments), "{condition}");
    }
}

#[test]
fn a_forbid_that_errs_denies_although_cedar_would_skip_it() {
    let policies =
        format!(r#"{ALL} @id("limit") forbid(principal, action, resource) when {{ context.arguments.n > 10 }};"#);
    assert!(permits(&policies, json!({"n": 10})));
    assert_eq!(denial(decide(&policies, json!({"n": 11}))).code, "policy-denied");
    for arguments in [json!({}), json!({"n": "11"}), json!({"n": null}), json!({"n": 10.5}), json!({"n": 1e300})] {
        let problem = denial(decide(&policies, arguments.clone()));
        assert_eq!(problem.code, "policy-error", "{arguments}");
        assert!(problem.message.contains("`limit`"), "{}", problem.message);
    }
}

#[test]
fn a_permit_that_errs_denies_beside_one_that_permits() {
    let policies = format!("{ALL} permit(principal, action, resource) when {{ principal.missing }};");
    assert_eq!(denial(decide(&policies, json!({}))).code, "policy-error");
}

#[test]
fn values_never_stand_in_a_denial() {
    let policies = format!(
        "{ALL} forbid(principal, action, resource) when {{ decimal(context.arguments.n) == decimal(\"1.0\") }};"
    );
    let problem = denial(decide(&policies, json!({"n": "hunter2"})));
    assert!(!problem.message.contains("hunter2"), "{}", problem.message);
}

#[test]
fn values_that_cedar_cannot_carry_deny_only_where_they_are_touched() {
    let touching = "permit(principal, action, resource) when { context.arguments.n == 1 };";
    for value in [json!(null), json!(0.12345), json!(1e18), json!(9223372036854775808u64), json!([null])] {
        assert!(permits(ALL, json!({"n": value})));
        let verdict = decide(touching, json!({"n": value}));
        assert!(matches!(verdict, Verdict::Deny(_)), "{value}");
    }
}

#[test]
fn an_argument_never_becomes_an_entity() {
    let policy = r#"permit(principal, action, resource) when { context.arguments.who == Mcpg::Caller::"ana" };"#;
    for who in
        [json!({"__entity": {"type": "Mcpg::Caller", "id": "ana"}}), json!({"type": "Mcpg::Caller", "id": "ana"})]
    {
        assert!(!permits(policy, json!({"who": who})));
    }
}

#[test]
fn deep_arguments_are_carried_up_to_the_parsers_bound() {
    let deep = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!({"a": [inner]}));
    assert!(permits(ALL, deep(60)));
    let action = action("search", deep(100)).to_string();
    let stopped = cedar(ALL).decide(&mut Run::new(vec![]), Doc(&ana()), Doc(&action));
    assert!(matches!(stopped, Err(Stop::Failed(p)) if p.code == "bad-document"));
}

#[test]
fn reasons_and_ids_are_told() {
    let forbid = r#"@id("night") @reason("not at night") forbid(principal, action, resource);"#;
    assert_eq!(denial(decide(&format!("{ALL} {forbid}"), json!({}))).message, "not at night (`night`)");
    let unnamed = format!("{ALL} forbid(principal, action, resource);");
    assert_eq!(denial(decide(&unnamed, json!({}))).message, "a policy forbids this (`p.cedar#1`)");
}

#[test]
fn obligations_of_all_permits_add_up_in_their_order() {
    let policies = r#"
        @obligation("redact") @detail("{\"fields\": [\"/email\"]}") @obligation_2("annotate") @detail_2("{}")
        permit(principal, action, resource);
        @obligation("require-approval") permit(principal, action, resource) when { context.arguments has big };
        @obligation("annotate") permit(principal, action, resource);"#;
    let Verdict::Permit(obligations) = decide(policies, json!({"big": 1})) else { panic!() };
    let kinds: Vec<&str> = obligations.iter().map(|o| o.kind.as_str()).collect();
    assert_eq!(kinds, ["redact", "annotate", "require-approval"]);
    assert_eq!(obligations[0].detail, r#"{"fields":["/email"]}"#);
    let Verdict::Permit(obligations) = decide(policies, json!({})) else { panic!() };
    assert_eq!(obligations.len(), 2);
}

#[test]
fn the_operators_entities_join_the_hosts() {
    let policies = r#"permit(principal in Mcpg::Group::"staff", action, resource in Shelf::"sales") when { resource.risk == "low" };
                      forbid(principal, action, resource) when { resource.name != "search" };"#;
    let entities = json!([
        {"uid": {"type": "Mcpg::Group", "id": "analysts"}, "attrs": {}, "parents": [{"type": "Mcpg::Group", "id": "staff"}]},
        {"uid": {"type": "Mcpg::Tool", "id": "search"}, "attrs": {"risk": "low", "name": "forged"},
         "parents": [{"type": "Shelf", "id": "sales"}]},
    ]);
    let config = json!({"policies": [{"name": "p", "text": policies}], "entities": entities});
    let verdict = decide_by(&Cedar::new(config).unwrap(), json!({}));
    assert!(matches!(verdict, Verdict::Permit(_)), "{verdict:?}");
}
