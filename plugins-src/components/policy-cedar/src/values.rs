//! JSON values as Cedar can carry them. What it cannot carry is an unknown: harmless unless a policy touches it, and
//! then the policy errs, which denies.
//!
//! Whole numbers are `Long`, numbers with at most four digits after the point `decimal`, arrays sets, objects records.
//! Unknown are null, longer fractions and numbers beyond 64 bits.

use cedar_policy::RestrictedExpression as Expression;
use mcpg_sdk::{Map, Value};

/// The largest whole number that a JSON number with a fraction part of zero can hold exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// The whole part of the largest `decimal`.
const LARGEST_DECIMAL: f64 = 922_337_203_685_477.0;

/// Returns an expression that a policy cannot touch without erring.
pub fn unknown(name: &str) -> Expression {
    Expression::new_unknown(name)
}

/// Returns an object as a record; no object as an empty one.
pub fn record(object: Option<&Map<String, Value>>) -> Expression {
    let pairs = object.into_iter().flatten().map(|(key, value)| (key.clone(), expression(value)));
    // Keys of a map are unique, and a repeated key is the only reason for a record to be refused.
    Expression::new_record(pairs).unwrap_or_else(|_| unknown("record"))
}

/// Returns texts as a set.
pub fn texts<T: AsRef<str>>(items: &[T]) -> Expression {
    Expression::new_set(items.iter().map(|item| text(item.as_ref())))
}

/// Returns a text.
pub fn text(text: &str) -> Expression {
    Expression::new_string(text.to_owned())
}

/// Returns any JSON value. Objects are records whatever their keys say, so no argument can name an entity.
pub fn expression(value: &Value) -> Expression {
    match value {
        Value::Null => unknown("null"),
        Value::Bool(flag) => Expression::new_bool(*flag),
        Value::String(string) => text(string),
        Value::Array(items) => Expression::new_set(items.iter().map(expression)),
        Value::Object(object) => record(Some(object)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(long), _) => Expression::new_long(long),
            (None, Some(float)) if number.is_f64() => fraction(float),
            _ => unknown("number"),
        },
    }
}

fn fraction(float: f64) -> Expression {
    if float.fract() == 0.0 && float.abs() <= EXACT {
        return Expression::new_long(float as i64);
    }
    let text = float.to_string();
    let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len());
    if (1..=4).contains(&digits) && float.abs() < LARGEST_DECIMAL {
        return Expression::new_decimal(text);
    }
    unknown("number")
}
