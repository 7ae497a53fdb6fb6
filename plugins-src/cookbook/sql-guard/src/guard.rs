//! Judges one text of SQL: it is parsed as the database would, and every part of it has to be one that is known to be
//! harmless. Lists say what is allowed; there is none of what is forbidden.

use crate::nodes;
use mcpg_sdk::{Problem, problem};
use serde::Deserialize;
use sqlparser::ast::{
    Expr, LimitClause, ObjectName, Query, Select, SetExpr, Statement, TableFactor, Value, ValueWithSpan, Visit, Visitor,
};
use sqlparser::dialect::{Dialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// Bytes of a text; longer ones are not read.
const LONGEST: usize = 10_000;
/// Words and signs of a text; a row of operators makes a tree as deep as it is long, and the stack is small.
const MOST_TOKENS: usize = 2_500;
/// How deep a text may be nested.
const DEEPEST: usize = 40;

/// What the operator allows.
#[derive(Deserialize)]
pub struct Guard {
    dialect: Speech,
    tables: Vec<String>,
    #[serde(default = "functions")]
    functions: Vec<String>,
    #[serde(default = "max_rows")]
    max_rows: u64,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Speech {
    Postgres,
    Mysql,
    Sqlite,
}

fn functions() -> Vec<String> {
    let names = "count sum avg min max coalesce nullif lower upper length abs round row_number rank";
    names.split(' ').map(Into::into).collect()
}

fn max_rows() -> u64 {
    1000
}

impl Guard {
    /// Returns if `sql` may be run; the problem says what it has that it may not.
    pub fn judge(&self, sql: &str) -> Result<(), Problem> {
        let dialect: &dyn Dialect = match self.dialect {
            Speech::Postgres => &PostgreSqlDialect {},
            Speech::Mysql => &MySqlDialect {},
            Speech::Sqlite => &SQLiteDialect {},
        };
        self.plain(sql)?;
        let unread = |e: &dyn std::fmt::Display| problem("sql-not-understood", e.to_string().replace('\n', " "));
        let tokens = Tokenizer::new(dialect, sql).tokenize().map_err(|e| unread(&e))?;
        if tokens.iter().any(is_comment) {
            return Err(problem("sql-comment", "leave out comments"));
        }
        if tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))).count() > MOST_TOKENS {
            return Err(problem("sql-too-long", format!("write at most {MOST_TOKENS} words and signs")));
        }
        let mut parser = Parser::new(dialect).with_recursion_limit(DEEPEST).with_tokens(tokens);
        let statements = parser.parse_statements().map_err(|e| unread(&e))?;
        let [Statement::Query(query)] = statements.as_slice() else {
            return Err(problem("sql-not-select", "write one SELECT statement"));
        };
        self.limited(query)?;
        let mut walk = Walk { guard: self, visible: Vec::new(), bodies: HashMap::new() };
        match query.visit(&mut walk) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(problem) => Err(problem),
        }
    }

    /// Refuses what databases read differently under different settings, so that no text means two things.
    fn plain(&self, sql: &str) -> Result<(), Problem> {
        if sql.len() > LONGEST {
            return Err(problem("sql-too-long", format!("write at most {LONGEST} bytes")));
        }
        // The parser reads what stands in it, and a server does or does not, by its version.
        if self.dialect == Speech::Mysql && sql.contains("/*!") {
            return Err(problem("sql-comment", "leave out comments"));
        }
        let doubtful =
            |c: char| c == '\\' || c == '"' && self.dialect == Speech::Mysql || c.is_control() && !c.is_whitespace();
        match sql.chars().find(|c| doubtful(*c)) {
            Some(c) => Err(problem("sql-character", format!("leave out the character {}", c.escape_default()))),
            None => Ok(()),
        }
    }

    fn limited(&self, query: &Query) -> Result<(), Problem> {
        let limit = match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit: Some(limit), limit_by, .. }) if limit_by.is_empty() => Some(limit),
            Some(LimitClause::OffsetCommaLimit { limit, .. }) => Some(limit),
            _ => None,
        };
        let rows = match limit {
            Some(Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. })) => digits.parse::<u64>().ok(),
            _ => None,
        };
        if rows.is_some_and(|rows| rows <= self.max_rows) {
            return Ok(());
        }
        Err(problem("sql-no-limit", format!("end the statement with `LIMIT {}` or less", self.max_rows)))
    }
}

fn is_comment(token: &Token) -> bool {
    matches!(token, Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)))
}

/// Goes through a statement. `visible` holds, for each query that is being looked at, the names that its WITH and those
/// around it define; `bodies` the names that the queries inside a WITH may use, by their place in memory.
struct Walk<'g> {
    guard: &'g Guard,
    visible: Vec<Vec<String>>,
    bodies: HashMap<*const Query, Vec<String>>,
}

type Step = ControlFlow<Problem>;

fn refuse(what: &str) -> Step {
    ControlFlow::Break(problem("sql-construct", format!("{what} may not be used")))
}

impl Visitor for Walk<'_> {
    type Break = Problem;

    fn pre_visit_query(&mut self, query: &Query) -> Step {
        if let Some(what) = nodes::odd_query(query) {
            return refuse(what);
        }
        let around = self.visible.last().cloned().unwrap_or_default();
        let mut names = self.bodies.remove(&std::ptr::from_ref(query)).unwrap_or(around);
        // A name is defined for the queries behind it; with RECURSIVE, for its own as well. Before, it is a table's.
        for each in query.with.iter().flat_map(|with| &with.cte_tables) {
            let before = names.clone();
            names.push(nodes::ident(&each.alias.name));
            let recursive = query.with.as_ref().is_some_and(|with| with.recursive);
            self.bodies.insert(&*each.query, if recursive { names.clone() } else { before });
        }
        self.visible.push(names);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> Step {
        self.visible.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> Step {
        nodes::odd_select(select).map_or(ControlFlow::Continue(()), refuse)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Step {
        nodes::odd_table(factor).map_or(ControlFlow::Continue(()), refuse)
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> Step {
        let Some(name) = nodes::name(relation) else { return refuse("such a name of a table") };
        let defined = relation.0.len() == 1 && self.visible.last().is_some_and(|names| names.contains(&name));
        if defined || self.guard.tables.contains(&name) {
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(problem("sql-table", format!("the table `{name}` may not be read")))
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Step {
        if let Some(what) = nodes::odd_expr(expr) {
            return refuse(what);
        }
        let Expr::Function(function) = expr else { return ControlFlow::Continue(()) };
        match nodes::name(&function.name) {
            Some(name) if self.guard.functions.contains(&name) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(problem(
                "sql-function",
                format!("the function `{}` may not be called", function.name),
            )),
        }
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> Step {
        if nodes::plain_value(&value.value) { ControlFlow::Continue(()) } else { refuse("such a literal") }
    }

    fn pre_visit_statement(&mut self, _statement: &Statement) -> Step {
        refuse("a statement inside the SELECT")
    }
}

/// What stands between a query and its SELECTs: no statement that writes, no `TABLE`.
pub fn reads_only(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => true,
        SetExpr::SetOperation { left, right, .. } => reads_only(left) && reads_only(right),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
