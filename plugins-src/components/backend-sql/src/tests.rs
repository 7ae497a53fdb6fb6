//! Statements, parameters and results.

use super::*;
use mcpg_sdk::{End, Reply, drive};

fn pass(binding: Value, arguments: Value, replies: Vec<Reply>) -> End<Progress> {
    let plugin = Sql::new(json!({"connection": "sales"})).unwrap();
    let call = json!({"arguments": arguments, "binding": binding}).to_string();
    drive(replies, |run| plugin.call(run, Doc("{}"), Doc(&call)))
}

fn request(binding: Value, arguments: Value) -> Result<Value, Problem> {
    match pass(binding, arguments, vec![]) {
        End::Perform(effects) => Doc(&effects[0].request).value(),
        End::Failed(problem) => Err(problem),
        End::Done(done) => panic!("{done:?}"),
    }
}

#[test]
fn arguments_are_parameters_by_name() {
    let binding =
        json!({"query": {"sql": "select * from t where a = :a and b = :b limit :n", "limit": 5}, "timeout": 100});
    let filled = request(binding, json!({"a": "x' or 1=1 --", "n": 3, "extra": 1})).unwrap();
    let expected = json!({"connection": "sales", "statement": "select * from t where a = :a and b = :b limit :n",
                          "parameters": {"a": "x' or 1=1 --", "b": null, "n": 3}, "mode": "rows", "limit": 5, "timeout": 100});
    assert_eq!(filled, expected);
}

#[test]
fn parameters_can_be_written() {
    let binding = json!({"query": {"sql": "select :q, :tags", "parameters": {"q": "%{{ text }}%", "tags": "{{ tags }}"}, "mode": "one"}});
    let filled = request(binding, json!({"text": "a", "tags": ["x"]})).unwrap();
    assert_eq!(filled["parameters"], json!({"q": "%a%", "tags": "[\"x\"]"}));
    assert_eq!(filled["mode"], "one");
}

#[test]
fn names_in_texts_comments_and_casts_are_no_parameters() {
    let sql = "select ':a', \":b\", x::text, 'it''s :c' -- :d\n, :e /* :f */ , :e, t.y:g, '12:30', :_h, :1, é:i";
    assert_eq!(statement::parameters(sql), ["e", "g", "_h", "i"]);
    assert!(statement::parameters("select 'open :a").is_empty());
    assert!(statement::parameters("/* open :a").is_empty());
}

#[test]
fn statements_hold_no_templates_and_arguments_no_typed_nodes() {
    assert_eq!(request(json!({"query": {"sql": "select {{ a }}"}}), json!({"a": 1})).unwrap_err().code, "bad-binding");
    let secret = json!({"a": {"$secret": "secret://env/X"}});
    assert_eq!(request(json!({"query": {"sql": "select :a"}}), secret).unwrap_err().code, "bad-arguments");
    assert_eq!(request(json!({}), json!({})).unwrap_err().code, "bad-binding");
}

#[test]
fn transactions_are_steps() {
    let binding = json!({"transaction": [{"sql": "insert into t values (:a)", "mode": "count"}, {"sql": "select 1", "mode": "scalar"}]});
    let filled = request(binding, json!({"a": 1})).unwrap();
    assert_eq!(
        filled["transaction"][0],
        json!({"statement": "insert into t values (:a)", "parameters": {"a": 1}, "mode": "count"})
    );
    assert_eq!(filled["connection"], "sales");
}

#[test]
fn replies_are_results_as_they_are() {
    let rows = r#"{"rows":[{"z":1.50,"a":"ü"}]}"#;
    let End::Done(Progress::Done(result)) =
        pass(json!({"query": {"sql": "select 1"}}), json!({}), vec![Reply::Ok(rows.into())])
    else {
        panic!()
    };
    assert!(result.0.ends_with(r#""structuredContent":{"rows":[{"z":1.50,"a":"ü"}]}}"#), "{}", result.0);
}
