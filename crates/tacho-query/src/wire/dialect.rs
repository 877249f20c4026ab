//! What PostgreSQL's clients write that DataFusion does not read, made into what it does: names and operators with
//! `pg_catalog.` before them, `COLLATE`, casts to types of the catalog, queries inside over tables that are always empty.

use super::tables;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, LimitClause, ObjectName, ObjectNamePart, Query, SetExpr,
    TableFactor, Value, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::parser::Parser;
use std::ops::ControlFlow;

const CATALOG: &str = "pg_catalog";

/// Rewrites a statement; `types` are those that the client says its parameters have.
pub(super) fn soften(statement: &mut Statement, types: &[Option<String>]) {
    let mut inner = statement;
    while let Statement::Explain(explain) = inner {
        inner = &mut explain.statement;
    }
    if let Statement::Statement(sql) = inner {
        let _ = sql.visit(&mut Soften { types });
    }
}

struct Soften<'a> {
    types: &'a [Option<String>],
}

impl Soften<'_> {
    /// The type that the client gave a parameter.
    fn said(&self, expr: &Expr) -> Option<&str> {
        let number = placeholder(expr)?.get(1..)?.parse::<usize>().ok()?;
        self.types.get(number.checked_sub(1)?)?.as_deref()
    }
}

impl VisitorMut for Soften<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &mut query.limit_clause {
            let numbers = limit.iter_mut().chain(offset.iter_mut().map(|offset| &mut offset.value));
            numbers
                .filter(|number| placeholder(number).is_some())
                .for_each(|number| cast(number, DataType::BigInt(None)));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        if let [ObjectNamePart::Identifier(name)] = &relation.0[..]
            && tables::is_known(&name.value.to_lowercase())
        {
            relation.0.insert(0, ObjectNamePart::Identifier(Ident::new(CATALOG)));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::AnyOp { right, .. } | Expr::AllOp { right, .. } = expr
            && self.said(right).is_none()
            && placeholder(right).is_some()
        {
            // A list, and of a list the planner must know of what: mostly of ids.
            cast(right, list_of(DataType::Text));
        }
        let replaced = match expr {
            Expr::InSubquery { expr, subquery, negated } if asks_for_path(subquery) => {
                Some(Expr::InList { expr: expr.clone(), list: vec![text("public")], negated: *negated })
            }
            Expr::Subquery(query) if reads_nothing(query) => Some(null()),
            Expr::Function(Function { args: FunctionArguments::Subquery(query), .. })
                if reads_nothing(query) =>
            {
                Some(null())
            }
            _ => None,
        };
        if let Some(replaced) = replaced {
            *expr = replaced;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Collate { expr: inner, .. } => *expr = std::mem::replace(inner, null()),
            Expr::BinaryOp { op, .. } => plain_operator(op),
            Expr::AnyOp { compare_op, .. } | Expr::AllOp { compare_op, .. } => plain_operator(compare_op),
            Expr::Function(function) => plain_name(&mut function.name),
            Expr::Cast { .. } => plain_cast(expr),
            Expr::Value(_) => {
                if let Some(data_type) = self.said(expr).and_then(parsed) {
                    cast(expr, data_type);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn null() -> Expr {
    Expr::Value(Value::Null.into())
}

fn text(value: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(value.into()).into())
}

fn placeholder(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Placeholder(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

fn cast(expr: &mut Expr, data_type: DataType) {
    let inner = Box::new(std::mem::replace(expr, null()));
    *expr = Expr::Cast { kind: CastKind::Cast, expr: inner, data_type, array: false, format: None };
}

fn list_of(item: DataType) -> DataType {
    DataType::Array(ArrayElemTypeDef::SquareBracket(Box::new(item), None))
}

/// A type's name as SQL reads it.
fn parsed(name: &str) -> Option<DataType> {
    let dialect = datafusion::sql::sqlparser::dialect::PostgreSqlDialect {};
    Parser::new(&dialect).try_with_sql(name).ok()?.parse_data_type().ok()
}

/// Grafana's editor asks which schemas come first by taking the setting apart; here there is one.
fn asks_for_path(query: &Query) -> bool {
    let text = query.to_string();
    text.contains("current_setting('search_path')") && text.contains("generate_series")
}

/// Whether a query reads only tables that are always empty.
fn reads_nothing(query: &Query) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    select.from.iter().any(|from| matches!(&from.relation, TableFactor::Table { name, .. } if is_empty(name)))
}

fn is_empty(name: &ObjectName) -> bool {
    let own = name.0.len() == 2 && name.0[0].as_ident().is_some_and(|first| first.value == CATALOG);
    let name = last(name);
    // Lists of the catalog, which have nothing in them.
    tables::is_empty(&name) || (own && name == "unnest")
}

/// `OPERATOR(pg_catalog.~)` is `~`.
fn plain_operator(op: &mut BinaryOperator) {
    let BinaryOperator::PGCustomBinaryOperator(parts) = op else { return };
    let plain = match parts.last().map(String::as_str) {
        Some("~") => BinaryOperator::PGRegexMatch,
        Some("!~") => BinaryOperator::PGRegexNotMatch,
        Some("~*") => BinaryOperator::PGRegexIMatch,
        Some("!~*") => BinaryOperator::PGRegexNotIMatch,
        Some("~~") => BinaryOperator::PGLikeMatch,
        Some("=") => BinaryOperator::Eq,
        Some("<>") => BinaryOperator::NotEq,
        Some("<") => BinaryOperator::Lt,
        Some(">") => BinaryOperator::Gt,
        Some("<=") => BinaryOperator::LtEq,
        Some(">=") => BinaryOperator::GtEq,
        Some("+") => BinaryOperator::Plus,
        Some("-") => BinaryOperator::Minus,
        Some("*") => BinaryOperator::Multiply,
        Some("||") => BinaryOperator::StringConcat,
        _ => return,
    };
    *op = plain;
}

fn plain_name(name: &mut ObjectName) {
    let first = name.0.first().and_then(ObjectNamePart::as_ident);
    if name.0.len() == 2 && first.is_some_and(|first| first.value.eq_ignore_ascii_case(CATALOG)) {
        name.0.remove(0);
    }
}

/// The type that a name of the catalog stands for; `None` where a function must find it out.
fn plain_type(name: &str) -> Option<DataType> {
    Some(match name {
        "text" | "name" | "char" | "bpchar" | "varchar" | "cstring" | "regproc" | "regnamespace"
        | "regrole" | "json" | "jsonb" | "uuid" | "\"char\"" => DataType::Text,
        "oid" | "xid" | "int8" => DataType::BigInt(None),
        "int4" | "integer" => DataType::Integer(None),
        "int2" => DataType::SmallInt(None),
        "bool" => DataType::Boolean,
        "float8" => DataType::DoublePrecision,
        _ => return None,
    })
}

fn last(name: &ObjectName) -> String {
    let name = name.0.last().and_then(ObjectNamePart::as_ident);
    name.map(|name| name.value.to_lowercase()).unwrap_or_default()
}

fn plain_cast(expr: &mut Expr) {
    let Expr::Cast { expr: inner, data_type, .. } = expr else { return };
    let name = match data_type {
        DataType::Regclass => "regclass".to_string(),
        DataType::Custom(name, _) => last(name),
        DataType::Array(ArrayElemTypeDef::SquareBracket(item, _)) => {
            if let DataType::Custom(name, _) = item.as_ref()
                && let Some(plain) = plain_type(&last(name))
            {
                **item = plain;
            }
            return;
        }
        _ => return,
    };
    let is_text =
        matches!(inner.as_ref(), Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)));
    let inner = std::mem::replace(inner.as_mut(), null());
    match (name.as_str(), plain_type(&name)) {
        ("regclass", _) if is_text => *expr = call("to_regclass", vec![inner]),
        ("regclass", _) => *expr = call("pg_relation_name", vec![inner]),
        ("regtype", _) if !is_text => *expr = call("format_type", vec![inner, null()]),
        ("regtype", _) => *expr = inner,
        (_, Some(plain)) => {
            *expr = inner;
            cast(expr, plain);
        }
        _ => {
            if let Expr::Cast { expr: place, .. } = expr {
                **place = inner;
            }
        }
    }
}

fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|one| FunctionArg::Unnamed(FunctionArgExpr::Expr(one))).collect();
    Expr::Function(Function {
        name: ObjectName(vec![ObjectNamePart::Identifier(Ident::new(name))]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
