//! Runs SQL statements that the operator wrote. Arguments are parameters, never text of a statement.

mod statement;

use mcpg_sdk::template::{node, plain};
use mcpg_sdk::{
    Backend, Doc, Map, Plugin, Problem, Progress, RawValue, Run, Stop, Value, document_result, json, problem, sql, text,
};
use serde::Deserialize;

struct Sql {
    connection: String,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    arguments: Value,
    binding: Binding,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Binding {
    query: Option<Statement>,
    transaction: Option<Vec<Statement>>,
    timeout: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    sql: String,
    parameters: Option<Map<String, Value>>,
    #[serde(default = "rows")]
    mode: String,
    limit: Option<u32>,
}

fn rows() -> String {
    "rows".into()
}

impl Plugin for Sql {
    fn new(config: Value) -> Result<Self, Problem> {
        Ok(Sql { connection: text(&config, "/connection")?.to_owned() })
    }
}

impl Statement {
    /// Returns the step: the statement as written, and a value for each name in it, null where none is given.
    fn step(&self, arguments: &Value) -> Result<Value, Problem> {
        if self.sql.contains("{{") {
            return Err(problem("bad-binding", "`sql` holds a template: write `:name` and give it as a parameter"));
        }
        let mut parameters = Map::new();
        for name in statement::parameters(&self.sql) {
            let value = match &self.parameters {
                Some(written) => written.get(name).map_or(Ok(None), |template| node(template, arguments))?,
                None => arguments.get(name).cloned(),
            };
            let value = value.unwrap_or_default();
            plain(name, &value)?;
            // A database has no lists and objects: they are given as JSON text.
            let value = if value.is_array() || value.is_object() { value.to_string().into() } else { value };
            parameters.insert(name.to_owned(), value);
        }
        Ok(json!({"statement": self.sql, "parameters": parameters, "mode": self.mode}))
    }
}

impl Sql {
    fn request(&self, binding: &Binding, arguments: &Value) -> Result<Value, Problem> {
        let mut request = match (&binding.query, &binding.transaction) {
            (Some(query), None) => {
                let mut step = query.step(arguments)?;
                if let Some(limit) = query.limit {
                    step["limit"] = limit.into();
                }
                step
            }
            (None, Some(steps)) => {
                let steps: Result<Vec<Value>, Problem> = steps.iter().map(|step| step.step(arguments)).collect();
                json!({"transaction": steps?})
            }
            _ => return Err(problem("bad-binding", "a tool has either `query` or `transaction`")),
        };
        request["connection"] = self.connection.as_str().into();
        if let Some(timeout) = binding.timeout {
            request["timeout"] = timeout.into();
        }
        Ok(request)
    }
}

impl Backend for Sql {
    fn call(&self, run: &mut Run, _caller: Doc, call: Doc) -> Result<Progress, Stop> {
        let Call { arguments, binding } = call.read()?;
        let reply = run.ask_text(sql(self.request(&binding, &arguments)?))?;
        let document = RawValue::from_string(reply).map_err(|e| problem("bad-reply", e))?;
        Ok(Progress::Done(document_result(&document)))
    }
}

mcpg_sdk::backend!(Sql);

#[cfg(test)]
mod tests;
