//! Effects as straight-line code: a call whose reply is there returns it; the first one whose reply is missing ends the
//! pass. Nothing is performed here.

use crate::document::problem;
use crate::documents::{DriverRequest, LogLevel, LogRequest, Secret};
use crate::types::{Effect, Problem, Reply};
use serde::Serialize;
use serde_json::{Value, json};
use std::error::Error;

/// Why straight-line code stopped. `?` carries it out.
#[derive(Debug)]
pub enum Stop {
    /// A reply is not there yet; the driver turns it into `perform`, whatever the author made of it.
    Pending,
    /// An effect did not work, or the author's code could not go on.
    Failed(Problem),
}

impl Stop {
    /// Returns what ends a run with `failed`: "I could not tell", never the same as a denial.
    pub fn failed(code: &str, message: impl std::fmt::Display) -> Self {
        Stop::Failed(problem(code, message))
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Stop::Failed(problem)
    }
}

/// `?` makes a `plugin-error` of any error of Rust, and names the line that it left.
impl<E: Error> From<E> for Stop {
    #[track_caller]
    fn from(error: E) -> Self {
        Stop::Failed(error.into())
    }
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

/// Returns an effect for any driver: `request` is a JSON value, or a request of [`crate::documents`].
pub fn effect(driver: &str, request: impl Serialize) -> Effect {
    let request = serde_json::to_value(request).unwrap_or_else(|e| json!({"unwritable": e.to_string()}));
    Effect { driver: driver.into(), request: request.to_string() }
}

/// Returns a secret by reference (`secret://env/NAME`, `cred://issuer/target`) with what stands before it, for the places
/// of a request where a driver takes one. The host puts it in; no plugin sees it.
pub fn secret(reference: &str, prefix: &str) -> Secret {
    Secret { reference: reference.into(), prefix: prefix.into(), ..Secret::default() }
}

macro_rules! drivers {
    ($($name:ident: $what:literal,)*) => {
        $(
            #[doc = concat!("Returns the description of ", $what, ", for [`Run::all`].")]
            pub fn $name(request: impl Serialize) -> Effect {
                effect(stringify!($name), request)
            }
        )*
        impl Run {
            $(
                #[doc = concat!("Asks for ", $what, " and returns the reply document.")]
                pub fn $name(&mut self, request: impl Serialize) -> Result<Value, Stop> {
                    self.one($name(request))
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
    sign: "a signature under a key that the plugin never sees",
}

/// The replies of a run so far, and the effects that it has asked for.
pub struct Run {
    replies: std::vec::IntoIter<Reply>,
    asked: Vec<Effect>,
    pending: bool,
    /// A line of the log has no reply yet: nobody waits for it, but the host has to be told of it.
    untold: bool,
}

impl Run {
    /// Begins a pass with every reply of the run, oldest first.
    pub fn new(replies: Vec<Reply>) -> Self {
        Run { replies: replies.into_iter(), asked: Vec::new(), pending: false, untold: false }
    }

    /// Asks any driver by name and returns the reply document.
    pub fn ask(&mut self, driver: &str, request: impl Serialize) -> Result<Value, Stop> {
        self.one(effect(driver, request))
    }

    /// Asks a driver with a typed request and returns its typed reply.
    pub fn send<R: DriverRequest>(&mut self, request: &R) -> Result<R::Reply, Stop> {
        let text = self.ask_text(effect(R::DRIVER, request))?;
        serde_json::from_str(&text).map_err(|e| Stop::failed("bad-reply", e))
    }

    /// Asks for one effect and returns the reply document.
    pub fn one(&mut self, effect: Effect) -> Result<Value, Stop> {
        parse(&self.ask_text(effect)?).map_err(Stop::Failed)
    }

    /// Asks for one effect and returns the reply document as text, exactly as the host gave it.
    pub fn ask_text(&mut self, effect: Effect) -> Result<String, Stop> {
        let [reply] = self.all_text([effect])?;
        Ok(reply?)
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
        let replies = self.replies.by_ref().take(wanted);
        Ok(replies
            .map(|reply| match reply {
                Reply::Ok(text) => Ok(text),
                Reply::Failed(problem) => Err(problem),
            })
            .collect())
    }

    /// Writes a line to the gateway's log, for its operator. It stops nothing: the pass goes on, and its answer counts
    /// once the line was told.
    pub fn log(&mut self, level: LogLevel, message: impl Into<String>) {
        self.log_data(level, message, Value::Null);
    }

    /// The same with data, which stands in JSON logs only.
    pub fn log_data(&mut self, level: LogLevel, message: impl Into<String>, data: impl Into<Value>) {
        if self.pending {
            return;
        }
        let data = Some(data.into()).filter(|data| !data.is_null());
        self.asked.push(effect("log", LogRequest { level, message: message.into(), data }));
        self.untold |= self.replies.next().is_none();
    }

    /// Tells the client how far the call has come.
    pub fn progress(&mut self, progress: f64, total: Option<f64>, message: &str) -> Result<(), Stop> {
        self.notify(json!({"kind": "progress", "progress": progress, "total": total, "message": message})).map(drop)
    }

    /// Ends the pass. `perform` wins over whatever the author returned once a reply was missing.
    pub fn end<T>(self, answer: Result<T, Stop>) -> End<T> {
        if self.pending || self.untold {
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

fn parse(text: &str) -> Result<Value, Problem> {
    serde_json::from_str(text).map_err(|e| problem("bad-reply", e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::SignRequest;

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

    fn drivers(effects: &[Effect]) -> Vec<&str> {
        effects.iter().map(|effect| effect.driver.as_str()).collect()
    }

    /// Logs, asks, logs again.
    fn telling(run: &mut Run) -> Result<i64, Stop> {
        run.log(LogLevel::Info, "begun");
        let answer = run.ask("sql", json!({"statement": "x"}))?;
        run.log_data(LogLevel::Warning, "done", json!({"rows": 1}));
        Ok(answer.as_i64().unwrap_or(0))
    }

    #[test]
    fn a_line_of_the_log_stops_nothing_and_costs_at_most_one_pass() {
        let End::Perform(first) = drive(vec![], telling) else { panic!() };
        assert_eq!(drivers(&first), ["log", "sql"]);
        assert_eq!(first[0].request, r#"{"level":"info","message":"begun"}"#);
        let End::Perform(second) = drive(vec![ok("{}"), ok("7")], telling) else { panic!() };
        assert_eq!(drivers(&second), ["log", "sql", "log"]);
        assert_eq!(second[2].request, r#"{"level":"warning","message":"done","data":{"rows":1}}"#);
        assert!(matches!(drive(vec![ok("{}"), ok("7"), ok("{}")], telling), End::Done(7)));
    }

    #[test]
    fn a_line_that_could_not_be_told_changes_no_answer() {
        let failed = Reply::Failed(problem("effect-denied", "no"));
        let told = drive(vec![failed.clone(), ok("7"), failed], telling);
        assert!(matches!(told, End::Done(7)));
        let failing = |run: &mut Run| -> Result<(), Stop> {
            run.log(LogLevel::Error, "lost");
            Err(Stop::failed("gone", "it is gone"))
        };
        assert!(matches!(drive(vec![], failing), End::Perform(e) if e.len() == 1));
        assert!(matches!(drive(vec![ok("{}")], failing), End::Failed(p) if p.code == "gone"));
    }

    #[test]
    fn nothing_is_told_behind_a_missing_reply() {
        let end = drive(vec![], |run| {
            let _ = run.http(json!({"url": "a"}));
            run.log(LogLevel::Info, "never reached in another language");
            Ok(())
        });
        assert!(matches!(end, End::Perform(effects) if drivers(&effects) == ["http"]));
    }

    #[test]
    fn typed_requests_get_typed_replies() {
        let key = secret("secret://env/KEY", "");
        let request = SignRequest { key, text: Some("x".into()), ..SignRequest::default() };
        let sign = |run: &mut Run| Ok(run.send(&request)?.signature);
        let End::Perform(effects) = drive(vec![], sign) else { panic!() };
        let asked: Value = serde_json::from_str(&effects[0].request).unwrap();
        assert_eq!((effects[0].driver.as_str(), &asked["key"]["$secret"]), ("sign", &json!("secret://env/KEY")));
        assert!(matches!(drive(vec![ok(r#"{"signature":"ab","new":1}"#)], sign), End::Done(s) if s == "ab"));
        assert!(matches!(drive(vec![ok("[")], sign), End::Failed(p) if p.code == "bad-reply"));
    }

    #[test]
    fn any_error_of_rust_ends_a_run_with_its_line() {
        let end = drive(vec![], |_| Ok("x".parse::<u8>()?));
        let End::Failed(problem) = end else { panic!() };
        let line = line!() - 2;
        assert_eq!(problem.code, "plugin-error");
        assert!(problem.message.ends_with(&format!("src/run.rs:{line})")), "{problem}");
    }
}
