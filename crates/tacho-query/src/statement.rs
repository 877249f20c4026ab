//! What a query's text must be before it is planned: one statement that reads, of a bearable size.
//!
//! Statements are let in by a list of what reads, not kept out by a list of what writes. Size and the length of
//! chains (`a OR b OR …`) are limited, because each link is a level of recursion in planning.

use crate::error::{Kind, QueryError, read_only};
use crate::expand;
use datafusion::execution::SessionState;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Ident, SelectItem, SetExpr, Statement as Sql};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use std::collections::HashMap;

/// Longest query, bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 256 << 10;
/// Most operators in a query.
const OPERATORS_MAX: usize = 1000;

/// Parses the query.
///
/// # Errors
/// [`Kind::Syntax`] with the position, or [`Kind::ReadOnly`].
pub(crate) fn parse(state: &SessionState, text: &str) -> Result<Statement, QueryError> {
    check_size(text)?;
    let dialect = state.config().options().sql_parser.dialect;
    let mut statement = state.sql_to_statement(text.trim_end().trim_end_matches(';'), &dialect)?;
    if !reads(&statement) {
        return Err(read_only());
    }
    let mut inner = &mut statement;
    while let Statement::Explain(explain) = inner {
        inner = &mut explain.statement;
    }
    if let Statement::Statement(sql) = inner {
        expand::check(sql)?;
        if let Sql::Query(query) = sql.as_mut() {
            name_twins(&mut query.body);
        }
    }
    Ok(statement)
}

/// Gives columns of the answer that are written the same way names of their own, as DataFusion needs them and
/// PostgreSQL does not: the second `count(*)` becomes `count(*)_2`.
fn name_twins(body: &mut SetExpr) {
    let SetExpr::Select(select) = body else { return };
    let mut seen: HashMap<String, usize> = HashMap::new();
    for item in &mut select.projection {
        let name = match item {
            SelectItem::UnnamedExpr(expr) => expr.to_string(),
            SelectItem::ExprWithAlias { alias, .. } => alias.value.clone(),
            _ => continue,
        };
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 {
            continue;
        }
        let other = Ident::with_quote('"', format!("{name}_{count}"));
        match item {
            SelectItem::UnnamedExpr(expr) => {
                *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: other };
            }
            SelectItem::ExprWithAlias { alias, .. } => *alias = other,
            _ => {}
        }
    }
}

fn check_size(text: &str) -> Result<(), QueryError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(QueryError::new(Kind::Syntax, format!("a query has at most {TEXT_BYTES_MAX} bytes")));
    }
    // What the tokenizer does not understand, the parser reports with its place.
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, text).tokenize().unwrap_or_default();
    if tokens.iter().filter(|token| is_operator(token)).count() > OPERATORS_MAX {
        return Err(QueryError::new(Kind::Syntax, format!("a query has at most {OPERATORS_MAX} operators"))
            .hint("use IN (…) or = ANY(…) for long lists"));
    }
    Ok(())
}

/// Everything that makes an expression or a plan one level deeper.
fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => {
            let deepens = [
                Keyword::AND,
                Keyword::OR,
                Keyword::NOT,
                Keyword::UNION,
                Keyword::EXCEPT,
                Keyword::INTERSECT,
            ];
            let joins =
                [Keyword::JOIN, Keyword::IS, Keyword::LIKE, Keyword::ILIKE, Keyword::BETWEEN, Keyword::AT];
            deepens.contains(&word.keyword) || joins.contains(&word.keyword)
        }
        Token::Comma
        | Token::Whitespace(_)
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::LParen
        | Token::RParen
        | Token::Period
        | Token::SemiColon
        | Token::EOF => false,
        _ => true,
    }
}

fn reads(statement: &Statement) -> bool {
    match statement {
        Statement::Statement(sql) => sql_reads(sql),
        Statement::Explain(explain) => reads(&explain.statement),
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => false,
    }
}

fn sql_reads(sql: &Sql) -> bool {
    match sql {
        Sql::Query(query) => query.locks.is_empty() && body_reads(&query.body),
        Sql::Explain { statement, .. } => sql_reads(statement),
        Sql::ExplainTable { .. } | Sql::ShowTables { .. } | Sql::ShowColumns { .. } => true,
        _ => false,
    }
}

fn body_reads(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => select.into.is_none(),
        SetExpr::Query(query) => body_reads(&query.body),
        SetExpr::SetOperation { left, right, .. } => body_reads(left) && body_reads(right),
        SetExpr::Values(_) | SetExpr::Table(_) => true,
        _ => false,
    }
}
