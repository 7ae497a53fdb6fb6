//! Requests and results, and what an argument cannot do.

use super::*;
use mcpg_sdk::{Effect, End, Reply, drive, json};

const BASE: &str = "https://api.example/v2/";

fn plugin() -> Http {
    Http::new(json!({"base_url": BASE, "headers": {"Accept": "application/json", "x-drop": "1"}})).unwrap()
}

fn pass(binding: Value, arguments: Value, replies: Vec<Reply>) -> End<Progress> {
    let call = json!({"name": "t", "arguments": arguments, "binding": binding}).to_string();
    drive(replies, |run| plugin().call(run, Doc("{}"), Doc(&call)))
}

fn request(request: Value, arguments: Value) -> Result<Value, Problem> {
    match pass(json!({"request": request}), arguments, vec![]) {
        End::Perform(effects) => {
            let [Effect { driver, request }] = effects.as_slice() else { panic!() };
            assert_eq!(driver, "http");
            Doc(request).value()
        }
        End::Failed(problem) => Err(problem),
        End::Done(done) => panic!("{done:?}"),
    }
}

fn url(path: &str, query: Value, arguments: Value) -> Result<String, Problem> {
    Ok(request(json!({"path": path, "query": query}), arguments)?["url"].as_str().unwrap().into())
}

fn result(shape: Value, reply: Value) -> Result<Value, Problem> {
    match pass(json!({"request": {}, "result": shape}), json!({}), vec![Reply::Ok(reply.to_string())]) {
        End::Done(Progress::Done(result)) => Doc(&result.0).value(),
        End::Failed(problem) => Err(problem),
        other => panic!("{other:?}"),
    }
}

#[test]
fn urls_are_encoded_piece_by_piece() {
    assert_eq!(
        url("/u/{{ id }}/x", json!({}), json!({"id": "a/../b?c#d"})).unwrap(),
        "https://api.example/v2/u/a%2F..%2Fb%3Fc%23d/x"
    );
    let query = json!({"q": "{{ q }}", "n": "{{ gone }}", "tag": "{{ tags }}", "fixed": 1, "mix": "<{{ q }}>"});
    let filled = url("s", query, json!({"q": "a&b=c", "tags": ["x", 2]})).unwrap();
    assert_eq!(filled, "https://api.example/v2/s?q=a%26b%3Dc&tag=x&tag=2&fixed=1&mix=%3Ca%26b%3Dc%3E");
    assert_eq!(url("/s?a=1", json!({"b": 2}), json!({})).unwrap(), "https://api.example/v2/s?a=1&b=2");
    assert_eq!(url("", json!({}), json!({})).unwrap(), "https://api.example/v2");
}

#[test]
fn no_argument_climbs_out_of_its_segment() {
    for id in [json!(".."), json!("."), json!(""), json!(null), json!({"a": 1})] {
        assert_eq!(url("/u/{{ id }}", json!({}), json!({"id": id})).unwrap_err().code, "bad-arguments", "{id}");
    }
    assert_eq!(
        url("//evil.example/{{ id }}", json!({}), json!({"id": "@x"})).unwrap(),
        "https://api.example/v2//evil.example/%40x"
    );
}

#[test]
fn headers_join_and_secrets_pass_untouched() {
    let secret = json!({"$secret": "secret://env/T", "prefix": "Bearer "});
    let written = json!({"headers": {"Authorization": secret, "X-Who": "{{ who }}", "X-Drop": "{{ gone }}"}});
    let filled = request(written.clone(), json!({"who": "ana"})).unwrap();
    assert_eq!(filled["headers"], json!({"accept": "application/json", "authorization": secret, "x-who": "ana"}));
    for who in ["a\r\nx: y", "a\0"] {
        assert_eq!(request(written.clone(), json!({"who": who})).unwrap_err().code, "bad-arguments");
    }
    let text = request(json!({"headers": {"x-who": "{{ who }}"}}), json!({"who": "secret://env/T"})).unwrap();
    assert_eq!(text["headers"]["x-who"], "secret://env/T");
    let object = request(json!({"headers": {"x-who": "{{ who }}"}}), json!({"who": secret}));
    assert_eq!(object.unwrap_err().code, "bad-arguments");
}

#[test]
fn bodies_are_json_forms_or_whole_texts() {
    let filled =
        request(json!({"method": "POST", "json": {"n": "{{ n }}", "o": "{{ o }}"}}), json!({"n": 1.5, "o": {"a": []}}));
    assert_eq!(filled.unwrap()["json"], json!({"n": 1.5, "o": {"a": []}}));
    let nested = request(json!({"json": {"n": "{{ n }}"}}), json!({"n": [{"$secret": "secret://env/T"}]}));
    assert_eq!(nested.unwrap_err().code, "bad-arguments");
    let form = request(json!({"method": "POST", "form": {"a": "{{ a }}", "b": "x"}}), json!({"a": "1&2"})).unwrap();
    assert_eq!(
        (&form["body"], &form["headers"]["content-type"]),
        (&json!("a=1%262&b=x"), &json!("application/x-www-form-urlencoded"))
    );
    assert_eq!(request(json!({"body": "{{ a }}"}), json!({"a": "<x/>"})).unwrap()["body"], "<x/>");
    assert_eq!(request(json!({"body": "<{{ a }}>"}), json!({"a": "x"})).unwrap_err().code, "bad-binding");
}

#[test]
fn options_are_passed_on() {
    let stream = json!({"format": "sse", "progress": "/done"});
    let written = json!({"expect": [200, 404], "timeout": 5000, "idempotent": true, "stream": stream});
    let filled = request(written, json!({})).unwrap();
    assert_eq!(
        (&filled["expect"], &filled["timeout"], &filled["idempotent"]),
        (&json!([200, 404]), &json!(5000), &json!(true))
    );
    assert_eq!(filled["stream"], stream);
    assert!(request(json!({"urll": "x"}), json!({})).is_err());
}

#[test]
fn replies_become_results() {
    let object =
        result(json!({}), json!({"status": 200, "media": "application/json", "json": {"b": 1, "a": 2}})).unwrap();
    assert_eq!(object["structuredContent"], json!({"b": 1, "a": 2}));
    assert_eq!(object["content"][0]["text"], r#"{"b":1,"a":2}"#);
    let text = result(json!({}), json!({"status": 200, "media": "text/plain", "body": "hello"})).unwrap();
    assert_eq!(text, json!({"content": [{"type": "text", "text": "hello"}]}));
    let body = json!({"$ref": "blob:0", "size": 1, "sha256": "x", "media": "text/plain"});
    let large = result(json!({}), json!({"status": 200, "media": "text/plain", "body": body})).unwrap();
    assert_eq!(large["content"][0]["text"], body);
    let picture = result(json!({}), json!({"status": 200, "media": "image/png", "body": body})).unwrap();
    assert_eq!(picture["content"][0], json!({"type": "image", "data": body, "mimeType": "image/png"}));
    let looked_into =
        result(json!({"pointer": "/a"}), json!({"status": 200, "media": "application/json", "body": body}));
    assert!(looked_into.unwrap_err().message.contains("too large"));
    let image = result(json!({}), json!({"status": 200, "media": "image/png", "body_base64": "AA=="})).unwrap();
    assert_eq!(image["content"][0], json!({"type": "image", "data": "AA==", "mimeType": "image/png"}));
    let other = result(json!({}), json!({"status": 200, "media": "application/pdf", "body_base64": "AA=="})).unwrap();
    assert_eq!(other["content"][0]["resource"]["uri"], "mcpg:reply/t");
    assert_eq!(result(json!({}), json!({"status": 204})).unwrap()["content"][0]["text"], "");
}

#[test]
fn failures_are_results_that_say_so() {
    let missing = result(json!({}), json!({"status": 404, "media": "text/plain", "body": "no such city"})).unwrap();
    assert_eq!(missing, json!({"content": [{"type": "text", "text": "HTTP 404: no such city"}], "isError": true}));
    assert_eq!(result(json!({}), json!({"status": 500})).unwrap()["content"][0]["text"], "HTTP 500");
}

#[test]
fn results_are_shaped() {
    let reply = json!({"status": 200, "json": {"data": {"t": 21.5, "unit": "C", "names": ["a"]}}});
    let part = result(json!({"pointer": "/data/names"}), reply.clone()).unwrap();
    assert_eq!(part, json!({"content": [{"type": "text", "text": r#"["a"]"#}]}));
    let told = result(json!({"pointer": "/data", "text": "{{ t }} °{{ unit }}"}), reply.clone()).unwrap();
    assert_eq!(told["content"][0]["text"], "21.5 °C");
    assert_eq!(told["structuredContent"]["unit"], "C");
    for shape in [json!({"pointer": "/gone"}), json!({"text": "a {{ gone }}"})] {
        assert_eq!(result(shape, reply.clone()).unwrap_err().code, "unexpected-reply");
    }
}

#[test]
fn bad_base_urls_are_refused() {
    for base in ["ftp://x", "x", "https://x?y", "https://x#y"] {
        assert!(Http::new(json!({"base_url": base})).is_err(), "{base}");
    }
}
