//! Hands the token in a header to a service, and believes what the service says of its bearer.

use mcpg_sdk::documents::{Credentials, HttpMethod, HttpRequest};
use mcpg_sdk::{
    Doc, Finding, Identity, Plugin, Problem, Run, Stop, Value, from_value, json, read_config,
};
use serde::Deserialize;

mcpg_sdk::manifest!({{manifest}});

#[derive(Deserialize)]
struct {{ident}} {
    header: String,
    url: String,
}

/// What the service says of a token.
#[derive(Deserialize)]
struct Introspection {
    active: bool,
    #[serde(default)]
    sub: String,
    #[serde(default)]
    groups: Vec<String>,
}

impl Plugin for {{ident}} {
    fn new(config: Value) -> Result<Self, Problem> {
        read_config(config)
    }
}

impl Identity for {{ident}} {
    /// Who is calling? The code runs from its start for each round of replies: `?` leaves it while one is missing.
    fn identify(&self, run: &mut Run, request: Doc) -> Result<Finding, Stop> {
        let request: Credentials = request.read()?;
        let Some(token) = request.headers.get(&self.header) else {
            return Ok(Finding::Abstain);
        };
        let reply = run.send(&HttpRequest {
            method: HttpMethod::Post,
            url: self.url.clone(),
            json: Some(json!({"token": token})),
            ..HttpRequest::default()
        })?;
        if reply.status != 200 {
            let said = format!("the service answered with HTTP {}", reply.status);
            return Err(Stop::failed("introspection-failed", said));
        }
        let known: Introspection = from_value(reply.json.unwrap_or_default())
            .map_err(|e| Stop::failed("introspection-failed", e))?;
        if !known.active || known.sub.is_empty() {
            return Ok(Finding::reject(
                "bad-token",
                "the token is not good, or no longer",
            ));
        }
        Ok(Finding::caller(json!({
            "id": known.sub, "kind": "user", "groups": known.groups,
            "how": {"credential": self.header}, "trust": "verified"
        })))
    }
}

mcpg_sdk::identity!({{ident}});

#[cfg(test)]
mod tests {
    use super::*;
    use mcpg_sdk::{End, drive};

    #[test]
    fn a_request_without_the_header_is_left_to_others() {
        let plugin = {{ident}} {
            header: "x-user-token".into(),
            url: "https://tokens.test".into(),
        };
        let end = drive(vec![], |run| {
            plugin.identify(run, Doc(r#"{"headers": {}}"#))
        });
        assert!(matches!(end, End::Done(Finding::Abstain)));
    }
}
