//! Posts batches of records to a URL, and says which of them may be tried again.

use mcpg_sdk::documents::{HttpMethod, HttpRequest};
use mcpg_sdk::{Delivery, Doc, Plugin, Problem, Run, Sink, Stop, Value, read_config};
use serde::Deserialize;

mcpg_sdk::manifest!({{manifest}});

#[derive(Deserialize)]
struct {{ident}} {
    url: String,
}

impl Plugin for {{ident}} {
    fn new(config: Value) -> Result<Self, Problem> {
        read_config(config)
    }
}

impl Sink for {{ident}} {
    /// Delivers an array of records. A reply that failed is caught, and the same batch is tried again later.
    fn deliver(&self, run: &mut Run, batch: Doc) -> Result<Delivery, Stop> {
        let request = HttpRequest {
            method: HttpMethod::Post,
            url: self.url.clone(),
            json: Some(batch.value()?),
            ..HttpRequest::default()
        };
        let status = match run.send(&request) {
            Ok(reply) => reply.status,
            Err(Stop::Failed(problem)) => {
                return Ok(Delivery::retry("receiver-busy", problem.message));
            }
            Err(pending) => return Err(pending),
        };
        let said = format!("the receiver answered with HTTP {status}");
        match status {
            200..=299 => Ok(Delivery::Delivered),
            429 | 500..=599 => Ok(Delivery::retry("receiver-busy", said)),
            _ => Err(Stop::failed("receiver-refused", said)),
        }
    }
}

mcpg_sdk::sink!({{ident}});

#[cfg(test)]
mod tests {
    use super::*;
    use mcpg_sdk::{End, Reply, drive};

    #[test]
    fn what_may_pass_later_is_tried_again() {
        let plugin = {{ident}} {
            url: "https://records.test/in".into(),
        };
        let deliver = |reply: &str| {
            drive(vec![Reply::Ok(reply.into())], |run| {
                plugin.deliver(run, Doc("[{}]"))
            })
        };
        assert!(matches!(
            deliver(r#"{"status": 204}"#),
            End::Done(Delivery::Delivered)
        ));
        assert!(matches!(
            deliver(r#"{"status": 503}"#),
            End::Done(Delivery::Retry(_))
        ));
        assert!(matches!(deliver(r#"{"status": 400}"#), End::Failed(_)));
    }
}
