//! Which parts of a statement are known to be harmless. Each function names what is odd about a part, or says nothing;
//! lists of parts are complete, so that a part that is new to the parser is odd.

use crate::guard::reads_only;
use sqlparser::ast::{
    BinaryOperator, DataType, Expr, Function, FunctionArguments, GroupByExpr, Ident, ObjectName, ObjectNamePart, Query,
    Select, SelectFlavor, TableFactor, Value,
};

/// An identifier as lists have it: in lower case unless it is quoted.
pub fn ident(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

/// A name as lists have it; nothing for one whose parts could be confused.
pub fn name(name: &ObjectName) -> Option<String> {
    let parts = name.0.iter().map(|part| match part {
        ObjectNamePart::Identifier(part) => Some(ident(part)).filter(|text| !text.contains('.')),
        ObjectNamePart::Function(_) => None,
    });
    Some(parts.collect::<Option<Vec<_>>>()?.join("."))
}

pub fn odd_query(query: &Query) -> Option<&'static str> {
    let Query {
        with,
        body,
        order_by,
        limit_clause: _,
        fetch,
        locks,
        for_clause,
        settings,
        format_clause,
        pipe_operators,
    } = query;
    let odd_with = with.iter().flat_map(|with| &with.cte_tables).any(|each| each.from.is_some());
    let checks = [
        (odd_with || !reads_only(body), "a query that is no SELECT"),
        (fetch.is_some(), "FETCH"),
        (!locks.is_empty(), "FOR UPDATE and FOR SHARE"),
        (for_clause.is_some() || settings.is_some() || format_clause.is_some(), "what stands behind the SELECT"),
        (!pipe_operators.is_empty(), "`|>`"),
        (order_by.as_ref().is_some_and(|order| order.interpolate.is_some()), "INTERPOLATE"),
    ];
    checks.into_iter().find_map(|(odd, what)| odd.then_some(what))
}

pub fn odd_select(select: &Select) -> Option<&'static str> {
    let checks = [
        (select.into.is_some(), "INTO"),
        (select.top.is_some(), "TOP"),
        (!select.optimizer_hints.is_empty() || select.select_modifiers.is_some(), "a hint"),
        (!select.lateral_views.is_empty() || !select.connect_by.is_empty(), "LATERAL VIEW and CONNECT BY"),
        (select.prewhere.is_some() || select.value_table_mode.is_some() || select.exclude.is_some(), "such a SELECT"),
        (!select.cluster_by.is_empty() || !select.distribute_by.is_empty() || !select.sort_by.is_empty(), "SORT BY"),
        (!matches!(select.flavor, SelectFlavor::Standard), "FROM before SELECT"),
        (matches!(select.group_by, GroupByExpr::All(_)), "GROUP BY ALL"),
    ];
    checks.into_iter().find_map(|(odd, what)| odd.then_some(what))
}

pub fn odd_table(factor: &TableFactor) -> Option<&'static str> {
    match factor {
        TableFactor::Table {
            name: _,
            alias: _,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
        } => {
            let plain = !with_ordinality && version.is_none() && json_path.is_none() && sample.is_none();
            let bare = with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty();
            if args.is_some() {
                Some("a function in place of a table")
            } else if plain && bare {
                None
            } else {
                Some("what stands behind the name of a table")
            }
        }
        TableFactor::Derived { sample: None, .. } | TableFactor::NestedJoin { .. } => None,
        _ => Some("such a source of rows"),
    }
}

pub fn odd_expr(expr: &Expr) -> Option<&'static str> {
    match expr {
        Expr::Identifier(ident) => ident.value.starts_with(['@', '$', ':']).then_some("a variable"),
        Expr::CompoundIdentifier(parts) => {
            parts.iter().any(|part| part.value.starts_with(['@', '$', ':'])).then_some("a variable")
        }
        Expr::BinaryOp { op, .. } | Expr::AnyOp { compare_op: op, .. } | Expr::AllOp { compare_op: op, .. } => {
            let custom = matches!(op, BinaryOperator::Custom(_) | BinaryOperator::PGCustomBinaryOperator(_));
            custom.then_some("an operator by name")
        }
        Expr::Cast { data_type, format: None, array: false, .. } => odd_type(data_type),
        Expr::TypedString(typed) => odd_type(&typed.data_type),
        Expr::Function(function) => odd_call(function),
        Expr::IsFalse(_) | Expr::IsNotFalse(_) | Expr::IsTrue(_) | Expr::IsNotTrue(_) | Expr::IsNull(_) => None,
        Expr::IsNotNull(_) | Expr::IsUnknown(_) | Expr::IsNotUnknown(_) | Expr::IsDistinctFrom(..) => None,
        Expr::IsNotDistinctFrom(..) | Expr::InList { .. } | Expr::InSubquery { .. } | Expr::Between { .. } => None,
        Expr::Like { .. } | Expr::ILike { .. } | Expr::UnaryOp { .. } | Expr::AtTimeZone { .. } => None,
        Expr::Extract { .. } | Expr::Ceil { .. } | Expr::Floor { .. } | Expr::Position { .. } => None,
        Expr::Substring { .. } | Expr::Trim { .. } | Expr::Nested(_) | Expr::Value(_) | Expr::Case { .. } => None,
        Expr::Exists { .. } | Expr::Subquery(_) | Expr::Tuple(_) | Expr::Interval(_) => None,
        Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) => None,
        Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => None,
        _ => Some("such an expression"),
    }
}

fn odd_call(function: &Function) -> Option<&'static str> {
    let odd = function.uses_odbc_syntax || !matches!(function.parameters, FunctionArguments::None);
    odd.then_some("such a call")
}

/// Types that hold values and look nothing up: not those of a schema, and not `regclass`.
fn odd_type(kind: &DataType) -> Option<&'static str> {
    let known = matches!(
        kind,
        DataType::Boolean
            | DataType::Bool
            | DataType::SmallInt(_)
            | DataType::Int(_)
            | DataType::Integer(_)
            | DataType::BigInt(_)
            | DataType::Signed
            | DataType::Unsigned
            | DataType::Numeric(_)
            | DataType::Decimal(_)
            | DataType::Real
            | DataType::Float(_)
            | DataType::Double(_)
            | DataType::DoublePrecision
            | DataType::Char(_)
            | DataType::Varchar(_)
            | DataType::Text
            | DataType::Uuid
            | DataType::Date
            | DataType::Datetime(_)
            | DataType::Time(..)
            | DataType::Timestamp(..)
            | DataType::Interval { .. }
    );
    (!known).then_some("such a type")
}

/// Literals that every setting of a database reads alike.
pub fn plain_value(value: &Value) -> bool {
    matches!(value, Value::Number(..) | Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null)
}
