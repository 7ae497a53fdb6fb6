//! What callers are shown.

use super::*;

fn shape(rules: Value, groups: Value) -> Value {
    let catalog = json!({
        "tools": [
            {"name": "a.get", "description": "old", "annotations": {"readOnlyHint": true}, "x": 1, "target": "a.get"},
            {"name": "a.set", "target": "a.set"},
            {"name": "b", "target": "b"},
        ],
        "prompts": [{"name": "a.get", "target": "a.get"}],
        "resources": [{"uri": "file:///x", "name": "x", "target": "file:///x"}],
        "templates": [{"uriTemplate": "file:///{p}", "name": "p"}],
    });
    let caller = json!({"groups": groups}).to_string();
    let curate = Curate::new(json!({"rules": rules})).unwrap();
    Doc(&curate.shape(Doc(&caller), Doc(&catalog.to_string())).unwrap().0).value().unwrap()
}

fn names(catalog: &Value, place: &str) -> Vec<String> {
    catalog[place].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().into()).collect()
}

#[test]
fn hides_for_some_and_not_for_others() {
    let rules = json!([{"tools": ["a.*"], "hide": true, "except_groups": ["admins"]}]);
    let seen = shape(rules.clone(), json!(["staff"]));
    assert_eq!(names(&seen, "tools"), ["b"]);
    assert_eq!(names(&seen, "prompts"), ["a.get"]);
    assert_eq!(names(&shape(rules, json!(["staff", "admins"])), "tools").len(), 3);
    let rules = json!([{"resources": ["file:*"], "hide": true, "groups": ["guests"]}]);
    assert_eq!(shape(rules.clone(), json!(["guests"]))["templates"], json!([]));
    assert_eq!(names(&shape(rules, json!([])), "resources"), ["x"]);
}

#[test]
fn renames_keep_the_target_and_never_collide() {
    let seen = shape(json!([{"tools": ["a.*"], "rename": "x-{name}"}]), json!([]));
    assert_eq!(names(&seen, "tools"), ["x-a.get", "x-a.set", "b"]);
    assert_eq!(seen["tools"][0]["target"], "a.get");
    assert_eq!(
        names(&shape(json!([{"tools": ["a.get"], "rename": "b"}]), json!([])), "tools"),
        ["a.get", "a.set", "b"]
    );
    let swapped = shape(json!([{"tools": ["b"], "rename": "c"}, {"tools": ["a.get"], "rename": "c"}]), json!([]));
    assert_eq!(names(&swapped, "tools"), ["c", "a.set", "b"]);
}

#[test]
fn describes_and_keeps_what_it_does_not_know() {
    let rules = json!([
        {"tools": ["a.get"], "title": "Get", "description": "new", "annotations": {"openWorldHint": false}},
        {"tools": ["*"], "description": "last"},
    ]);
    let seen = shape(rules, json!([]));
    let expected = json!({"name": "a.get", "description": "last", "title": "Get", "x": 1, "target": "a.get",
                          "annotations": {"readOnlyHint": true, "openWorldHint": false}});
    assert_eq!(seen["tools"][0], expected);
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    for rule in [json!({"hide": true}), json!({"tools": ["a.*"], "rename": "x"}), json!({"tools": ["a"], "hid": true})]
    {
        assert!(Curate::new(json!({"rules": [rule]})).is_err(), "{rule}");
    }
}

#[test]
fn lists_that_are_not_there_stay_away() {
    let curate = Curate::new(json!({"rules": [{"tools": ["a"], "hide": true}]})).unwrap();
    for (catalog, shaped) in [("{}", "{}"), (r#"{"tools":[{"name":"a"},5,{}]}"#, r#"{"tools":[]}"#), ("[]", "[]")] {
        assert_eq!(curate.shape(Doc("{}"), Doc(catalog)).unwrap().0, shaped);
    }
}
