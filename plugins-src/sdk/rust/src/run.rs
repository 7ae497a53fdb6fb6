//! One pass of a run: hands out the replies in the order the effects were asked, and stops at the first that is missing.

use crate::bindings::types::{Effect, Problem, Reply};
use crate::document::problem;
use serde_json::{Value, json};

/// Why straight-line code stopped. `?` carries it out.
#[derive(Debug)]
pub enum Stop {
    /// A reply is not there yet; the driver turns it into `perform`, whatever the author made of it.
    Pending,
    /// An effect did not work, or the author's code could not go on.
    Failed(Problem),
}

/// What a pass came to.
#[derive(Debug)]
pub enum End<T> {
    /// The author's answer.
    Done(T),
    /// Nothing can be said.
    Failed(Problem),
    /// Every effect of the run from its start.
    Perform(Vec<Effect>),
}

/// Returns an effect for any driver.
pub fn effect(driver: &str, request: Value) -> Effect {
    Effect { driver: driver.into(), request: request.to_string() }
}

macro_rules! drivers {
    ($($name:ident: $what:literal,)*) => {
        $(
            #[doc = concat!("Returns the description of ", $what, ", for [`Run::all`].")]
            pub fn $name(request: Value) -> Effect {
                effect(stringify!($name), request)
            }
        )*
        impl Run {
            $(
                #[doc = concat!("Asks for ", $what, " and returns the reply document.")]
                pub fn $name(&mut self, request: Value) -> Result<Value, Stop> {
                    self.ask($name(request))
                }
            )*
        }
    };
}

drivers! {
    http: "an HTTP request",
    sql: "an SQL statement or transaction",
    command: "a command",
    mcp: "a request to an MCP server",
    notify: "a notice to the client",
}

/// The replies of a run so far, and the effects that it has asked for.
pub struct Run {
    replies: std::vec::IntoIter<Reply>,
    asked: Vec<Effect>,
    pending: bool,
}

impl Run {
    /// Begins a pass with every reply of the run, oldest first.
    pub fn new(replies: Vec<Reply>) -> Self {
        Run { replies: replies.into_iter(), asked: Vec::new(), pending: false }
    }

    /// Asks for one effect and returns the reply document as text, exactly as the host gave it.
    pub fn ask_text(&mut self, effect: Effect) -> Result<String, Stop> {
        let [reply] = self.all_text([effect])?;
        Ok(reply?)
    }

    /// Asks for one effect and returns the reply document.
    pub fn ask(&mut self, effect: Effect) -> Result<Value, Stop> {
        parse(&self.ask_text(effect)?).map_err(Stop::Failed)
    }

    /// Asks for several effects at once; each has its own result, as text.
    pub fn all_text<const N: usize>(&mut self, effects: [Effect; N]) -> Result<[Result<String, Problem>; N], Stop> {
        let replies = self.all_of(effects.into())?;
        replies.try_into().map_err(|_| Stop::Pending)
    }

    /// Asks for several effects at once; each has its own result.
    pub fn all<const N: usize>(&mut self, effects: [Effect; N]) -> Result<[Result<Value, Problem>; N], Stop> {
        Ok(self.all_text(effects)?.map(|reply| reply.and_then(|text| parse(&text))))
    }

    /// Asks for as many effects at once as the list holds; each has its own result, as text.
    pub fn all_of(&mut self, effects: Vec<Effect>) -> Result<Vec<Result<String, Problem>>, Stop> {
        if self.pending {
            return Err(Stop::Pending);
        }
        let wanted = effects.len();
        self.asked.extend(effects);
        if self.replies.len() < wanted {
            self.pending = true;
            return Err(Stop::Pending);
        }
        let take = self.replies.by_ref().take(wanted);
        Ok(take.map(|reply| if let Reply::Failed(p) = reply { Err(p) } else { Ok(text_of(reply)) }).collect())
    }

    /// Tells the client how far the call has come.
    pub fn progress(&mut self, progress: f64, total: Option<f64>, message: &str) -> Result<(), Stop> {
        self.notify(json!({"kind": "progress", "progress": progress, "total": total, "message": message})).map(drop)
    }

    /// Ends the pass. `perform` wins over whatever the author returned once a reply was missing.
    pub fn end<T>(self, answer: Result<T, Stop>) -> End<T> {
        if self.pending {
            return End::Perform(self.asked);
        }
        match answer {
            Ok(done) => End::Done(done),
            Err(Stop::Failed(problem)) => End::Failed(problem),
            Err(Stop::Pending) => {
                End::Failed(problem("plugin-error", "the plugin stopped without asking for anything"))
            }
        }
    }
}

/// Runs one pass of an author's code.
pub fn drive<T>(replies: Vec<Reply>, author: impl FnOnce(&mut Run) -> Result<T, Stop>) -> End<T> {
    let mut run = Run::new(replies);
    let answer = author(&mut run);
    run.end(answer)
}

fn text_of(reply: Reply) -> String {
    match reply {
        Reply::Ok(text) => text,
        Reply::Failed(problem) => problem.message,
    }
}

fn parse(text: &str) -> Result<Value, Problem> {
    serde_json::from_str(text).map_err(|e| problem("bad-reply", e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_steps(run: &mut Run) -> Result<i64, Stop> {
        let a = run.http(json!({"url": "a"}))?;
        let [b, c] = run.all([http(json!({"url": "b"})), sql(json!({"statement": "c"}))])?;
        Ok(a.as_i64().unwrap_or(0) + b?.as_i64().unwrap_or(0) + c?.as_i64().unwrap_or(0))
    }

    fn ok(text: &str) -> Reply {
        Reply::Ok(text.into())
    }

    #[test]
    fn perform_names_all_effects_from_the_start() {
        let End::Perform(first) = drive(vec![], two_steps) else { panic!() };
        assert_eq!(first.len(), 1);
        let End::Perform(second) = drive(vec![ok("1")], two_steps) else { panic!() };
        assert_eq!(second.iter().map(|e| e.driver.as_str()).collect::<Vec<_>>(), ["http", "http", "sql"]);
        assert_eq!(second[0].request, first[0].request);
        let End::Done(sum) = drive(vec![ok("1"), ok("2"), ok("3")], two_steps) else { panic!() };
        assert_eq!(sum, 6);
    }

    #[test]
    fn a_swallowed_pending_still_performs_and_nothing_is_asked_after_it() {
        let end = drive(vec![], |run| {
            let _ = run.http(json!({"url": "a"}));
            let _ = run.http(json!({"url": "b"}));
            Ok(())
        });
        let End::Perform(effects) = end else { panic!() };
        assert_eq!(effects.len(), 1);
    }

    #[test]
    fn a_failed_reply_can_be_caught_and_is_failed_when_it_is_not() {
        let failed = || vec![Reply::Failed(problem("http-timeout", "late"))];
        let End::Failed(p) = drive(failed(), |run| run.http(json!({}))) else { panic!() };
        assert_eq!(p.code, "http-timeout");
        let caught = drive(failed(), |run| match run.http(json!({})) {
            Err(Stop::Failed(_)) => Ok(json!("caught")),
            other => other,
        });
        assert!(matches!(caught, End::Done(v) if v == "caught"));
    }

    #[test]
    fn a_partly_answered_all_is_asked_again_as_a_whole() {
        let End::Perform(effects) = drive(vec![ok("1"), ok("2")], two_steps) else { panic!() };
        assert_eq!(effects.len(), 3);
    }
}
