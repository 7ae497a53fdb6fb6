//! Gets an access token for each target from an issuing service. What proves who we are stays with the gateway.

use mcpg_sdk::documents::{HttpMethod, HttpRequest};
use mcpg_sdk::{
    Credential, Doc, Issue, Plugin, Problem, Run, Stop, Value, from_value, json, read_config,
    secret,
};
use serde::Deserialize;

mcpg_sdk::manifest!({{manifest}});

#[derive(Deserialize)]
struct {{ident}} {
    token_url: String,
    client: String,
}

/// What the service answers.
#[derive(Deserialize)]
struct Token {
    access_token: String,
    #[serde(default)]
    expires_at: i64,
}

impl Plugin for {{ident}} {
    fn new(config: Value) -> Result<Self, Problem> {
        read_config(config)
    }
}

impl Credential for {{ident}} {
    /// Issues a credential for a target. It goes to the gateway's vault and to no other plugin.
    fn issue_for(&self, run: &mut Run, _caller: Doc, target: &str) -> Result<Issue, Stop> {
        let reply = run.send(&HttpRequest {
            method: HttpMethod::Post,
            url: self.token_url.clone(),
            headers: [(
                "authorization".into(),
                secret(&self.client, "Bearer ").into(),
            )]
            .into(),
            json: Some(json!({"target": target})),
            ..HttpRequest::default()
        })?;
        match reply.status {
            200 => {
                let token: Token = from_value(reply.json.unwrap_or_default()).map_err(|_| {
                    Stop::failed("issuer-failed", "the issuer's answer is no token")
                })?;
                Ok(Issue::issued(json!({
                    "value": token.access_token, "scheme": "Bearer",
                    "header": "authorization", "expires": token.expires_at
                })))
            }
            403 => Ok(Issue::deny(
                "no-credential",
                format!("the issuer has nothing for `{target}`"),
            )),
            status => Err(Stop::failed(
                "issuer-failed",
                format!("the issuer answered with HTTP {status}"),
            )),
        }
    }
}

mcpg_sdk::credential!({{ident}});

#[cfg(test)]
mod tests {
    use super::*;
    use mcpg_sdk::{End, Reply, drive};

    #[test]
    fn an_answer_that_is_no_token_fails_and_is_not_repeated() {
        let config = json!({"token_url": "https://issuer.test/token", "client": "secret://env/ISSUER_TOKEN"});
        let plugin = {{ident}}::new(config).unwrap();
        let reply = Reply::Ok(json!({"status": 200, "json": {"access_token": ["t0"]}}).to_string());
        let end = drive(vec![reply], |run| {
            plugin.issue_for(run, Doc("{}"), "orders")
        });
        assert!(matches!(end, End::Failed(problem) if !problem.message.contains("t0")));
    }
}
