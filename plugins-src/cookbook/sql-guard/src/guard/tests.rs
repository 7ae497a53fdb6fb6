use super::*;
use mcpg_sdk::{from_value, json};

fn judge(dialect: &str, sql: &str) -> Result<(), String> {
    let config = json!({"dialect": dialect, "tables": ["orders", "sales.items", "Odd Name"], "max_rows": 100});
    let guard: Guard = from_value(config).unwrap();
    guard.judge(sql).map_err(|problem| problem.code)
}

#[test]
fn what_reads_listed_tables_is_permitted() {
    for sql in [
        "SELECT * FROM orders LIMIT 10",
        "select o.id, count(*) from Orders as o join sales.items i on i.id = o.id group by o.id order by 2 desc limit 100;",
        "SELECT id FROM (SELECT id FROM orders) AS x WHERE id IN (SELECT id FROM sales.items) LIMIT 1 OFFSET 5",
        "SELECT 1 UNION ALL SELECT max(id) FROM orders LIMIT 2",
        "WITH big AS (SELECT * FROM orders WHERE total > 10), top AS (SELECT * FROM big) SELECT * FROM top LIMIT 5",
        "SELECT CASE WHEN total BETWEEN 1 AND 2 THEN 'a;b--c' ELSE NULL END FROM orders LIMIT 1",
        "SELECT CAST(total AS INTEGER), extract(year FROM at) FROM orders WHERE name LIKE '%x%' LIMIT 1",
    ] {
        for dialect in ["postgres", "mysql", "sqlite"] {
            assert_eq!(judge(dialect, sql), Ok(()), "{dialect}: {sql}");
        }
    }
    assert_eq!(judge("postgres", "SELECT \"Id\" FROM \"Odd Name\" LIMIT 1"), Ok(()));
    assert_eq!(judge("mysql", "SELECT `Id` FROM `Odd Name` LIMIT 1"), Ok(()));
}

#[test]
fn everything_else_is_denied_with_its_reason() {
    for (dialect, sql, code) in [
        ("postgres", "", "sql-not-select"),
        ("postgres", "DELETE FROM orders", "sql-not-select"),
        ("postgres", "SELECT 1 LIMIT 1; DROP TABLE orders", "sql-not-select"),
        ("sqlite", "ATTACH DATABASE 'x' AS y", "sql-not-select"),
        ("postgres", "SELECT 1 FROM orders", "sql-no-limit"),
        ("postgres", "SELECT 1 FROM orders LIMIT 101", "sql-no-limit"),
        ("postgres", "SELECT 1 FROM orders LIMIT ALL", "sql-no-limit"),
        ("postgres", "SELECT 1 FROM orders LIMIT (SELECT 5)", "sql-no-limit"),
        ("postgres", "SELECT 1 FROM (SELECT 1 FROM orders LIMIT 5) x", "sql-no-limit"),
        ("postgres", "SELECT * FROM users LIMIT 1", "sql-table"),
        ("postgres", "SELECT * FROM public.orders LIMIT 1", "sql-table"),
        ("postgres", "SELECT * FROM \"ORDERS\" LIMIT 1", "sql-table"),
        ("postgres", "SELECT * FROM \"sales.items\" LIMIT 1", "sql-construct"),
        ("postgres", "SELECT * FROM orders, users LIMIT 1", "sql-table"),
        ("postgres", "SELECT (SELECT max(id) FROM users) LIMIT 1", "sql-table"),
        ("postgres", "SELECT 1 UNION SELECT id FROM users LIMIT 1", "sql-table"),
        ("postgres", "SELECT * FROM orders ORDER BY (SELECT 1 FROM users) LIMIT 1", "sql-table"),
        ("postgres", "TABLE users LIMIT 1", "sql-not-understood"),
        ("postgres", "SELECT pg_read_file('/etc/passwd') LIMIT 1", "sql-function"),
        ("postgres", "SELECT pg_catalog.count(*) FROM orders LIMIT 1", "sql-function"),
        ("postgres", "SELECT count(pg_sleep(9)) OVER () FROM orders LIMIT 1", "sql-function"),
        ("postgres", "SELECT * FROM generate_series(1, 9) LIMIT 1", "sql-construct"),
        ("postgres", "SELECT 1 INTO copy FROM orders LIMIT 1", "sql-construct"),
        ("postgres", "SELECT * FROM orders LIMIT 1 FOR UPDATE", "sql-construct"),
        ("postgres", "WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x LIMIT 1", "sql-construct"),
        ("postgres", "SELECT 'users'::regclass LIMIT 1", "sql-construct"),
        ("postgres", "SELECT 1 OPERATOR(pg_catalog.+) 1 LIMIT 1", "sql-construct"),
        ("postgres", "SELECT $1 LIMIT 1", "sql-construct"),
        ("postgres", "SELECT $$x$$ LIMIT 1", "sql-construct"),
        ("postgres", r"SELECT E'\'' LIMIT 1", "sql-character"),
        ("mysql", "SELECT @@version LIMIT 1", "sql-construct"),
        ("mysql", "SELECT \"x\" LIMIT 1", "sql-character"),
        ("postgres", "SELECT 1 -- x\nLIMIT 1", "sql-comment"),
        ("mysql", "SELECT 1 /*!50000 , (SELECT 1 FROM users) */ LIMIT 1", "sql-comment"),
        ("mysql", "SELECT * FROM orders /*!99999 LIMIT 1 */", "sql-comment"),
        ("mysql", "SELECT 1 # x\nLIMIT 1", "sql-comment"),
        ("postgres", "SELEC 1 LIMIT 1", "sql-not-understood"),
    ] {
        assert_eq!(judge(dialect, sql), Err(code.into()), "{dialect}: {sql}");
    }
    let outfile = judge("mysql", "SELECT * FROM orders LIMIT 1 INTO OUTFILE '/tmp/x'");
    assert!(outfile.is_err());
}

/// A name that a WITH defines hides a table only where it is in force.
#[test]
fn a_with_opens_no_table() {
    for sql in [
        "SELECT * FROM users WHERE id IN (WITH users AS (SELECT 1 AS id) SELECT id FROM users) LIMIT 1",
        "WITH users AS (SELECT * FROM users) SELECT * FROM users LIMIT 1",
        "WITH a AS (SELECT * FROM users), users AS (SELECT 1) SELECT * FROM a LIMIT 1",
        "WITH users AS (SELECT 1) SELECT * FROM public.users LIMIT 1",
        "SELECT * FROM (WITH users AS (SELECT 1) SELECT * FROM users) x, users LIMIT 1",
    ] {
        assert_eq!(judge("postgres", sql), Err("sql-table".into()), "{sql}");
    }
    let counted =
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n LIMIT 9";
    assert_eq!(judge("postgres", counted), Ok(()));
}

#[test]
fn long_and_deep_texts_are_denied_and_do_no_harm() {
    let deep = format!("SELECT {}1{} LIMIT 1", "(".repeat(500), ")".repeat(500));
    assert_eq!(judge("postgres", &deep), Err("sql-not-understood".into()));
    let row = format!("SELECT {}1 LIMIT 1", "1+".repeat(2000));
    assert_eq!(judge("postgres", &row), Err("sql-too-long".into()));
    assert_eq!(judge("postgres", &format!("SELECT '{}' LIMIT 1", "x".repeat(LONGEST))), Err("sql-too-long".into()));
}
