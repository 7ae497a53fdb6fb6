//! A sink that signs each batch under a key that it never sees.

use mcpg_sdk::documents::{HttpMethod, HttpRequest, SignRequest};
use mcpg_sdk::{Delivery, Doc, Plugin, Problem, Run, Sink, Stop, Value, secret, text};

mcpg_sdk::manifest!({
  "schema": 1, "id": "examples/signed", "version": "1.0.0", "kind": "sink",
  "world": "mcpg:plugin/sink-plugin@1.0.0", "licence": "Apache-2.0",
  "summary": "Posts signed batches of records.",
  "config": {
    "type": "object", "required": ["url", "key"],
    "properties": {"url": {"type": "string"}, "key": {"type": "string", "pattern": "^secret://"}}
  },
  "reads": [],
  "effects": [
    {"driver": "sign", "why": "sign each batch"},
    {"driver": "http", "why": "post it"}
  ]
});

struct Signed {
    url: String,
    key: String,
}

impl Plugin for Signed {
    fn new(config: Value) -> Result<Self, Problem> {
        Ok(Signed { url: text(&config, "/url")?.into(), key: text(&config, "/key")?.into() })
    }
}

impl Sink for Signed {
    fn deliver(&self, run: &mut Run, batch: Doc) -> Result<Delivery, Stop> {
        let key = secret(&self.key, "");
        let signed = run.send(&SignRequest { key, text: Some(batch.0.into()), ..SignRequest::default() })?;
        let headers = [
            ("content-type".into(), "application/json".into()),
            ("x-signature".into(), format!("sha256={}", signed.signature).into()),
        ];
        let request = HttpRequest {
            method: HttpMethod::Post,
            url: self.url.clone(),
            headers: headers.into(),
            body: Some(batch.0.into()),
            ..HttpRequest::default()
        };
        match run.send(&request)?.status {
            200..=299 => Ok(Delivery::Delivered),
            status => Ok(Delivery::retry("receiver-busy", format!("the receiver answered with HTTP {status}"))),
        }
    }
}

mcpg_sdk::sink!(Signed);

/// An example is a program to cargo; a plugin of your own is a library and has none.
fn main() {}
