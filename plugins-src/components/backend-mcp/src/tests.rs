//! Lists in pages, names, and calls that pass through.

use super::*;
use mcpg_sdk::{End, Reply, drive, json};

fn plugin(config: Value) -> Mcp {
    let mut all = json!({"upstream": "time"});
    all.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
    Mcp::new(all).unwrap()
}

/// A server of canned pages: asks and answers until the plugin is done.
fn describe(config: Value, serve: impl Fn(&str, Option<&str>) -> Value) -> Result<Value, Problem> {
    let plugin = plugin(config);
    let mut replies: Vec<Reply> = vec![];
    loop {
        match drive(replies.clone(), |run| plugin.describe(run)) {
            End::Done(catalog) => return Doc(&catalog.0).value(),
            End::Failed(problem) => return Err(problem),
            End::Perform(effects) => {
                for effect in &effects[replies.len()..] {
                    let request = Doc(&effect.request).value().unwrap();
                    assert_eq!((effect.driver.as_str(), request["upstream"].as_str()), ("mcp", Some("time")));
                    let answer = serve(request["method"].as_str().unwrap(), request["params"]["cursor"].as_str());
                    replies.push(Reply::Ok(answer.to_string()));
                }
            }
        }
    }
}

fn server(method: &str, cursor: Option<&str>) -> Value {
    match (method, cursor) {
        ("tools/list", None) => json!({"result": {"tools": [{"name": "now", "new": {"x": 1}}], "nextCursor": "2"}}),
        ("tools/list", Some("2")) => json!({"result": {"tools": [{"name": "convert"}, 5, {"title": "nameless"}]}}),
        ("prompts/list", None) => json!({"error": {"code": -32601, "message": "no"}}),
        ("resources/list", None) => {
            json!({"result": {"resources": [{"uri": "file:///a", "name": "a"}, {"uri": "x:y"}]}})
        }
        ("resources/templates/list", None) => {
            json!({"result": {"resourceTemplates": [{"uriTemplate": "file:///{p}", "name": "f"}]}})
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_pages_of_all_lists_are_shown_with_their_members() {
    let catalog = describe(json!({"prefix": "time"}), server).unwrap();
    let expected = json!({
        "tools": [{"name": "time.now", "new": {"x": 1}, "target": "now"}, {"name": "time.convert", "target": "convert"}],
        "prompts": [],
        "resources": [{"uri": "file:///a", "name": "a"}, {"uri": "x:y", "name": "x:y"}],
        "templates": [{"uriTemplate": "file:///{p}", "name": "f"}],
    });
    assert_eq!(catalog, expected);
    assert_eq!(describe(json!({}), server).unwrap()["tools"][0]["name"], "now");
}

#[test]
fn names_are_chosen_by_the_operator() {
    let count = |config: Value| {
        let catalog = describe(config, server).unwrap();
        ["tools", "resources", "templates"].map(|place| catalog[place].as_array().unwrap().len())
    };
    assert_eq!(count(json!({"include": ["n*", "a", "f"]})), [1, 1, 1]);
    assert_eq!(count(json!({"include": ["file:*"]})), [0, 1, 1]);
    assert_eq!(count(json!({"exclude": ["file:///?", "convert"]})), [1, 1, 1]);
}

#[test]
fn an_endless_list_ends_and_a_repeated_cursor_too() {
    let endless = |_: &str, cursor: Option<&str>| {
        let next: u32 = cursor.map_or(0, |c| c.parse().unwrap()) + 1;
        json!({"result": {"tools": [], "nextCursor": next.to_string()}})
    };
    assert_eq!(describe(json!({}), endless).unwrap_err().code, "catalog-too-large");
    assert!(describe(json!({}), |_, _| json!({"result": {"nextCursor": "same"}})).is_ok());
}

#[test]
fn a_server_that_cannot_list_its_tools_fails() {
    let broken = |_: &str, _: Option<&str>| json!({"error": {"code": -32603, "message": "broken\nhere"}});
    assert_eq!(describe(json!({}), broken).unwrap_err().message, "-32603: broken here");
    for nonsense in [json!({}), json!({"result": 5}), json!({"result": null}), json!([])] {
        assert_eq!(describe(json!({}), |_, _| nonsense.clone()).unwrap_err().code, "bad-reply", "{nonsense}");
    }
}

fn call(call: Value, replies: Vec<Reply>) -> End<Progress> {
    let text = call.to_string();
    drive(replies, |run| plugin(json!({"timeout": 500})).call(run, Doc("{}"), Doc(&text)))
}

#[test]
fn calls_go_to_the_upstreams_own_names() {
    let asked = |document: Value| match call(document, vec![]) {
        End::Perform(effects) => effects[0].request.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        asked(
            json!({"method": "tools/call", "name": "time.now", "target": "now", "arguments": {"z": 1, "a": 18446744073709551615u64}})
        ),
        r#"{"upstream":"time","method":"tools/call","params":{"name":"now","arguments":{"z":1,"a":18446744073709551615}},"timeout":500}"#
    );
    assert!(asked(json!({"method": "prompts/get", "name": "p"})).contains(r#""params":{"name":"p","arguments":{}}"#));
    assert!(
        asked(json!({"method": "resources/read", "name": "a", "target": "file:///a"}))
            .contains(r#""params":{"uri":"file:///a"}"#)
    );
    let completion = json!({"method": "completion/complete", "name": "t.p", "target": "p",
        "arguments": {"ref": {"type": "ref/prompt"}, "argument": {"name": "a", "value": "x"}}});
    assert!(
        asked(completion)
            .contains(r#""params":{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":"x"}}"#)
    );
    let completion = json!({"method": "completion/complete", "name": "f:///{p}", "arguments":
        {"ref": {"type": "ref/resource", "uri": "forged"}, "argument": {"name": "p", "value": ""},
         "context": {"arguments": {"q": "1"}}}});
    assert!(asked(completion).contains(
        r#""params":{"ref":{"type":"ref/resource","uri":"f:///{p}"},"argument":{"name":"p","value":""},"context":{"arguments":{"q":"1"}}}"#
    ));
    for arguments in
        [json!({}), json!({"ref": {"type": "ref/tool"}, "argument": {}}), json!({"ref": {"type": "ref/prompt"}})]
    {
        let bad = json!({"method": "completion/complete", "name": "p", "arguments": arguments});
        assert!(matches!(call(bad, vec![]), End::Failed(p) if p.code == "bad-arguments"));
    }
    assert!(
        matches!(call(json!({"method": "ping", "name": "x"}), vec![]), End::Failed(p) if p.code == "unsupported-method")
    );
}

#[test]
fn results_pass_unchanged_and_errors_keep_code_and_text() {
    let document = json!({"method": "tools/call", "name": "now"});
    let kept = r#"{"content":[], "n": 1.50, "z":1,"a":1}"#;
    let ended = call(document.clone(), vec![Reply::Ok(format!(r#"{{"result":{kept}}}"#))]);
    assert!(matches!(ended, End::Done(Progress::Done(Json(text))) if text == kept));
    let ended = call(document.clone(), vec![Reply::Ok(r#"{"error":{"code":-32602,"message":"bad zone"}}"#.into())]);
    assert!(matches!(ended, End::Failed(p) if p.code == "mcp-invalid-params" && p.message == "-32602: bad zone"));
    for (code, name) in [(-32601, "mcp-unknown-method"), (-32021, "mcp-missing-capability"), (-32002, "mcp-not-found")]
    {
        let reply = Reply::Ok(json!({"error": {"code": code, "message": "no"}}).to_string());
        assert!(matches!(call(document.clone(), vec![reply]), End::Failed(p) if p.code == name));
    }
    assert!(matches!(call(document, vec![Reply::Ok("{}".into())]), End::Failed(p) if p.code == "bad-reply"));
}
