//! Argument vectors, input, and how a program's end becomes a result.

use super::*;
use mcpg_sdk::{End, Reply, drive};

fn pass(command: Value, arguments: Value, replies: Vec<Reply>) -> End<Progress> {
    let call = json!({"arguments": arguments, "binding": {"command": command}}).to_string();
    let plugin = Command::new(json!({"timeout": 700})).unwrap();
    drive(replies, |run| plugin.call(run, Doc("{}"), Doc(&call)))
}

fn request(command: Value, arguments: Value) -> Result<Value, Problem> {
    match pass(command, arguments, vec![]) {
        End::Perform(effects) => Doc(&effects[0].request).value(),
        End::Failed(problem) => Err(problem),
        End::Done(done) => panic!("{done:?}"),
    }
}

fn argv(argv: Value, arguments: Value) -> Result<Value, Problem> {
    Ok(request(json!({"argv": argv}), arguments)?["argv"].take())
}

#[test]
fn each_template_fills_one_element() {
    let filled =
        argv(json!(["/bin/x", "{{ a }}", "--n={{ n }}", "fixed"]), json!({"a": "b c; rm $(x)", "n": -5})).unwrap();
    assert_eq!(filled, json!(["/bin/x", "b c; rm $(x)", "--n=-5", "fixed"]));
}

#[test]
fn an_argument_never_becomes_an_option() {
    for value in [json!("-rf"), json!("--help"), json!(-1)] {
        for template in ["{{ a }}", "{{ a }}x"] {
            assert_eq!(argv(json!(["/bin/x", template]), json!({"a": value})).unwrap_err().code, "bad-arguments");
            assert!(argv(json!(["/bin/x", "--", template]), json!({"a": value})).is_ok());
        }
    }
    let allowed = json!({"argv": ["/bin/x", "{{ a }}"], "allow_options": true});
    assert!(request(allowed, json!({"a": "-v"})).is_ok());
    assert!(argv(json!(["/bin/x", "{{ e }}{{ a }}"]), json!({"e": "", "a": "-v"})).is_err());
    assert!(argv(json!(["/bin/x", "{{ d }}", "{{ a }}"]), json!({"d": "--", "a": "-v"})).is_err());
}

#[test]
fn the_program_is_the_operators() {
    assert_eq!(argv(json!(["{{ a }}"]), json!({"a": "/bin/sh"})).unwrap_err().code, "bad-binding");
    assert_eq!(argv(json!([["{{ a }}"], "x"]), json!({"a": "/bin/sh"})).unwrap_err().code, "bad-binding");
}

#[test]
fn groups_are_left_out_when_an_argument_is_not_given() {
    let written = json!(["/bin/x", ["--city", "{{ city }}"], "{{ a }}"]);
    assert_eq!(argv(written.clone(), json!({"a": 1})).unwrap(), json!(["/bin/x", "1"]));
    assert_eq!(
        argv(written.clone(), json!({"a": 1, "city": "Rome"})).unwrap(),
        json!(["/bin/x", "--city", "Rome", "1"])
    );
    assert_eq!(argv(written, json!({})).unwrap_err().code, "bad-arguments");
}

#[test]
fn null_bytes_and_lists_are_refused() {
    for value in [json!("a\0b"), json!(["x"]), json!({"$secret": "secret://env/X"})] {
        assert_eq!(argv(json!(["/bin/x", "{{ a }}"]), json!({"a": value})).unwrap_err().code, "bad-arguments");
    }
}

#[test]
fn input_is_fixed_or_one_argument() {
    let filled = request(json!({"argv": ["/bin/x"], "stdin": "{{ a }}"}), json!({"a": {"b": [1]}})).unwrap();
    assert_eq!((&filled["stdin"], &filled["timeout"]), (&json!(r#"{"b":[1]}"#), &json!(700)));
    let mixed = request(json!({"argv": ["/bin/x"], "stdin": "x {{ a }}"}), json!({"a": 1}));
    assert_eq!(mixed.unwrap_err().code, "bad-binding");
}

fn ended(command: Value, reply: Value) -> Result<Value, Problem> {
    match pass(command, json!({}), vec![Reply::Ok(reply.to_string())]) {
        End::Done(Progress::Done(result)) => Doc(&result.0).value(),
        End::Failed(problem) => Err(problem),
        other => panic!("{other:?}"),
    }
}

#[test]
fn output_becomes_a_result() {
    let text = json!({"argv": ["/bin/x"], "ok": [0, 3]});
    assert_eq!(ended(text.clone(), json!({"status": 3, "stdout": "hi"})).unwrap()["content"][0]["text"], "hi");
    assert_eq!(ended(text.clone(), json!({"status": 0})).unwrap()["content"][0]["text"], "");
    let failed = ended(text.clone(), json!({"status": 1, "stdout": "hi", "stderr": "no such file\n"})).unwrap();
    assert_eq!(failed["content"][0]["text"], "the program ended with status 1: no such file");
    assert_eq!(failed["isError"], true);
    assert_eq!(
        ended(text.clone(), json!({"status": -9})).unwrap()["content"][0]["text"],
        "the program ended with signal 9"
    );
    assert_eq!(ended(text, json!({"status": 0, "stdout": "hi", "truncated": true})).unwrap()["isError"], true);
    let json = json!({"argv": ["/bin/x"], "output": "json"});
    assert_eq!(
        ended(json.clone(), json!({"status": 0, "stdout": "{\"a\": 1}\n"})).unwrap()["structuredContent"],
        json!({"a": 1})
    );
    assert_eq!(ended(json, json!({"status": 0, "stdout": "nope"})).unwrap_err().code, "unexpected-reply");
}
