//! Sends batches of records to a URL as they are. The same batch has the same `X-Mcpg-Batch`, so a receiver can tell a
//! repetition.

use mcpg_sdk::{Delivery, Doc, Map, Plugin, Problem, Run, Sink, Stop, Value, json, problem, read_config};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Http {
    url: String,
    #[serde(default)]
    headers: Map<String, Value>,
    timeout: Option<u64>,
}

impl Plugin for Http {
    fn new(config: Value) -> Result<Self, Problem> {
        let http: Http = read_config(config)?;
        if !(http.url.starts_with("https://") || http.url.starts_with("http://")) {
            return Err(problem("bad-config", "`url` is no http or https URL"));
        }
        Ok(http)
    }
}

impl Http {
    fn request(&self, batch: &str) -> Value {
        let mut headers = Map::new();
        for (name, value) in &self.headers {
            headers.insert(name.to_ascii_lowercase(), value.clone());
        }
        headers.insert("content-type".into(), json!("application/json"));
        // `Idempotency-Key` is the host's: it names one delivery, and this names the batch however often it is delivered.
        headers.insert("x-mcpg-batch".into(), json!(key(batch)));
        let mut request =
            json!({"method": "POST", "url": self.url, "headers": headers, "body": batch, "idempotent": true});
        if let Some(timeout) = self.timeout {
            request["timeout"] = timeout.into();
        }
        request
    }
}

impl Sink for Http {
    fn deliver(&self, run: &mut Run, batch: Doc) -> Result<Delivery, Stop> {
        let reply = match run.http(self.request(batch.0)) {
            Err(Stop::Failed(problem)) => return Ok(Delivery::Retry(problem)),
            other => other?,
        };
        match reply["status"].as_u64().unwrap_or_default() {
            200..=299 => Ok(Delivery::Delivered),
            status @ (408 | 425 | 429 | 500..=599) => Ok(Delivery::Retry(refused(status))),
            status => Err(Stop::Failed(refused(status))),
        }
    }
}

fn refused(status: u64) -> Problem {
    problem("sink-refused", format!("the receiver answered with HTTP {status}"))
}

fn key(batch: &str) -> String {
    Sha256::digest(batch).iter().map(|byte| format!("{byte:02x}")).collect()
}

mcpg_sdk::sink!(Http);

#[cfg(test)]
mod tests {
    use super::*;
    use mcpg_sdk::{End, Reply, drive};

    const BATCH: &str = r#"[{"n": 1.50}]"#;

    fn deliver(replies: Vec<Reply>) -> End<Delivery> {
        let secret = json!({"$secret": "secret://env/T", "prefix": "Bearer "});
        let config = json!({"url": "https://logs.example/in", "headers": {"Authorization": secret}, "timeout": 5});
        drive(replies, |run| Http::new(config).unwrap().deliver(run, Doc(BATCH)))
    }

    fn status(status: u64) -> End<Delivery> {
        deliver(vec![Reply::Ok(json!({"status": status}).to_string())])
    }

    #[test]
    fn the_batch_goes_out_as_it_is_under_its_own_key() {
        let End::Perform(effects) = deliver(vec![]) else { panic!() };
        let request = Doc(&effects[0].request).value().unwrap();
        assert_eq!(
            (&request["method"], &request["body"], &request["timeout"]),
            (&json!("POST"), &json!(BATCH), &json!(5))
        );
        assert_eq!(request["headers"]["authorization"]["$secret"], "secret://env/T");
        assert_eq!(request["headers"]["x-mcpg-batch"], key(BATCH));
        assert_ne!(key(BATCH), key("[]"));
    }

    #[test]
    fn what_may_pass_later_is_tried_again() {
        assert!(matches!(status(202), End::Done(Delivery::Delivered)));
        for code in [408, 429, 500, 503] {
            assert!(matches!(status(code), End::Done(Delivery::Retry(_))), "{code}");
        }
        assert!(matches!(deliver(vec![Reply::Failed(problem("timeout", "late"))]), End::Done(Delivery::Retry(_))));
        for code in [301, 400, 401, 413] {
            assert!(matches!(status(code), End::Failed(p) if p.code == "sink-refused"), "{code}");
        }
    }
}
