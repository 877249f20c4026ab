//! Terms as SQL expressions.

use crate::ast::{Arithmetic, Comparison, Matching};
use crate::catalog::{Column, Kind};
use crate::plan::{Out, Term, Want};
use crate::sql::NoSql;

/// How the columns of a level are written.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    columns: Vec<(String, Kind)>,
    /// What stands for a baseline: see `sql_baseline`.
    pub(crate) baselines: Vec<(Term, String)>,
}

impl Names {
    pub(crate) fn of(columns: &[Out]) -> Names {
        let columns = columns.iter().map(|out| (quote(&out.name), out.kind)).collect();
        Names { columns, baselines: Vec::new() }
    }

    pub(crate) fn of_table(columns: &[Column], now: &str) -> Names {
        let text = |column: &Column| match &column.sql {
            Some(sql) => sql.replace("{now}", now),
            None => quote(&column.name),
        };
        Names {
            columns: columns.iter().map(|column| (text(column), column.kind)).collect(),
            baselines: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    pub(crate) fn push(&mut self, name: String, kind: Kind) {
        self.columns.push((name, kind));
    }

    pub(crate) fn column(&self, at: usize) -> String {
        self.columns[at].0.clone()
    }

    /// The kind of a term, as far as it is needed here.
    pub(crate) fn kind(&self, term: &Term) -> Option<Kind> {
        Some(match term {
            Term::Column(at) => self.columns[*at].1,
            Term::Bool(_)
            | Term::Not(_)
            | Term::And(_)
            | Term::Or(_)
            | Term::Compare(..)
            | Term::In { .. }
            | Term::Match { .. }
            | Term::Exists(_)
            | Term::Member { want: Want::Bool, .. } => Kind::Bool,
            _ => return None,
        })
    }

    /// A condition: an unknown one is false where it is negated, as everywhere else.
    pub(crate) fn condition(&self, term: &Term) -> Result<String, NoSql> {
        self.term(term)
    }

    pub(crate) fn term(&self, term: &Term) -> Result<String, NoSql> {
        Ok(match term {
            Term::Text(value) => text(value),
            Term::Number(number) => literal(*number),
            Term::Bool(value) => value.to_string(),
            Term::Time(value) => format!("TIMESTAMPTZ {}", text(value)),
            Term::Column(at) => self.column(*at),
            Term::Member { columns, path, want } => self.member(columns, path, *want),
            Term::Not(inner) => format!("(NOT coalesce({}, false))", self.term(inner)?),
            Term::Negate(inner) => format!("(- {})", self.term(inner)?),
            Term::And(terms) => self.joined(terms, " AND ")?,
            Term::Or(terms) => self.joined(terms, " OR ")?,
            Term::Compare(how, a, b) => {
                let symbol = if *how == Comparison::NotEqual { "<>" } else { how.symbol() };
                format!("({} {symbol} {})", self.term(a)?, self.term(b)?)
            }
            Term::Math(how, a, b) => self.math(*how, a, b)?,
            Term::In { value, list, negated } => {
                let list = list.iter().map(|item| self.term(item)).collect::<Result<Vec<_>, _>>()?;
                let not = if *negated { "NOT " } else { "" };
                format!("({} {not}IN ({}))", self.term(value)?, list.join(", "))
            }
            Term::Match { value, how, pattern } => matching(&self.term(value)?, *how, pattern)?,
            Term::Exists(inner) => format!("({} IS NOT NULL)", self.term(inner)?),
            Term::Scalar(name, arguments) => {
                let arguments =
                    arguments.iter().map(|term| self.term(term)).collect::<Result<Vec<_>, _>>()?;
                scalar(name, &arguments)
            }
            Term::Baseline { .. } => {
                let found = self.baselines.iter().find(|(of, _)| of == term);
                found.map(|(_, name)| name.clone()).ok_or_else(|| {
                    NoSql("a baseline has SQL only directly behind the stage that computes its column".into())
                })?
            }
        })
    }

    fn joined(&self, terms: &[Term], word: &str) -> Result<String, NoSql> {
        let terms = terms.iter().map(|term| self.term(term)).collect::<Result<Vec<_>, _>>()?;
        Ok(format!("({})", terms.join(word)))
    }

    /// Numbers are divided as such, and nothing is divided by zero.
    fn math(&self, how: Arithmetic, a: &Term, b: &Term) -> Result<String, NoSql> {
        let (a, b) = (self.term(a)?, self.term(b)?);
        Ok(match how {
            Arithmetic::Divide => format!("(CAST({a} AS DOUBLE PRECISION) / NULLIF({b}, 0))"),
            Arithmetic::Remainder => format!("({a} % NULLIF({b}, 0))"),
            _ => format!("({a} {} {b})", how.symbol()),
        })
    }

    fn member(&self, columns: &[usize], path: &[String], want: Want) -> String {
        let function = match want {
            Want::Text => "json_as_text",
            Want::Number => "json_get_float",
            Want::Bool => "json_get_bool",
        };
        let parts: Vec<String> = path.iter().map(|part| text(part)).collect();
        let mut tried = Vec::new();
        for at in columns {
            let column = self.column(*at);
            // Fields without a column keep their dotted name as one member.
            if path.len() > 1 && column == "\"extra\"" {
                tried.push(format!("{function}({column}, {})", text(&path.join("."))));
            }
            tried.push(format!("{function}({column}, {})", parts.join(", ")));
        }
        if tried.len() == 1 { tried.remove(0) } else { format!("coalesce({})", tried.join(", ")) }
    }
}

/// A name in double quotes.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in single quotes.
pub(crate) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// A number so that SQL reads the same one.
pub(crate) fn literal(number: f64) -> String {
    let plain = format!("{number}");
    if plain.len() <= 18 { plain } else { format!("{number:e}") }
}

fn matching(value: &str, how: Matching, pattern: &str) -> Result<String, NoSql> {
    let literal = text(pattern);
    Ok(match how {
        Matching::Contains => format!("(strpos({value}, {literal}) > 0)"),
        Matching::StartsWith => format!("starts_with({value}, {literal})"),
        Matching::EndsWith => format!("(right({value}, {}) = {literal})", pattern.chars().count()),
        Matching::Regex => format!("({value} ~ {literal})"),
        Matching::Cidr => {
            let Some(Cidr { first, last }) = cidr(pattern).filter(|range| range.last <= u128::from(u32::MAX))
            else {
                return Err(NoSql(
                    "a range of IPv6 addresses has no SQL: it is evaluated as events come".into(),
                ));
            };
            let part = |n: u32| format!("CAST(split_part({value}, '.', {n}) AS BIGINT)");
            let number =
                format!("{} * 16777216 + {} * 65536 + {} * 256 + {}", part(1), part(2), part(3), part(4));
            format!(
                "(CASE WHEN {value} ~ '^[0-9]{{1,3}}[.][0-9]{{1,3}}[.][0-9]{{1,3}}[.][0-9]{{1,3}}$' \
                 THEN {number} BETWEEN {first} AND {last} ELSE false END)"
            )
        }
    })
}

/// A range of addresses as numbers; IPv6 above all of IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    first: u128,
    last: u128,
}

impl Cidr {
    /// Whether an address, as text, lies in the range.
    pub fn contains(&self, address: &str) -> bool {
        address.parse().is_ok_and(|address| (self.first..=self.last).contains(&as_number(address)))
    }
}

fn as_number(address: std::net::IpAddr) -> u128 {
    match address.to_canonical() {
        std::net::IpAddr::V4(v4) => u128::from(u32::from(v4)),
        std::net::IpAddr::V6(v6) => u128::from(v6),
    }
}

/// Reads `10.0.0.0/8`, or a single address.
pub fn cidr(pattern: &str) -> Option<Cidr> {
    let (address, bits) = pattern.split_once('/').map_or((pattern, None), |(a, bits)| (a, Some(bits)));
    let address: std::net::IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(width), |bits| bits.parse::<u32>().ok())?;
    if bits > width {
        return None;
    }
    let free = (width - bits) as usize;
    let mask = if free == 128 { u128::MAX } else { (1_u128 << free) - 1 };
    let first = as_number(address) & !mask;
    Some(Cidr { first, last: first | mask })
}

fn scalar(name: &str, arguments: &[String]) -> String {
    let x = arguments.first().map_or("", String::as_str);
    match name {
        "number" => finite(&trimmed(x)),
        "share" => share(x),
        "time_between" => {
            format!("((extract(epoch FROM {x}) - extract(epoch FROM {})) * 1000000)", arguments[1])
        }
        "length" => format!("char_length({x})"),
        "wilson_upper" => wilson(x, &arguments[1], "+"),
        "wilson_lower" => wilson(x, &arguments[1], "-"),
        _ => format!("{name}({x})"),
    }
}

/// A share of 1, be it written as one, as a percentage with its sign, or as a number above 1 that is one.
fn share(x: &str) -> String {
    let text = trimmed(x);
    let (plain, signed) = (finite(&text), finite(&trimmed(&format!("rtrim({text}, '%')"))));
    format!("(CASE WHEN right({text}, 1) = '%' OR abs({plain}) > 1 THEN {signed} / 100 ELSE {plain} END)")
}

/// A text without spaces, tabs and line ends around it.
fn trimmed(x: &str) -> String {
    format!("btrim({x}, ' \t\r\n')")
}

/// The number that a text is. What is none, or has no end, is absent.
fn finite(x: &str) -> String {
    let number = format!("TRY_CAST({x} AS DOUBLE PRECISION)");
    format!("(CASE WHEN abs({number}) <= {:e} THEN {number} END)", f64::MAX)
}

/// The bound of a share of successes among tries, at 95 %.
fn wilson(successes: &str, tries: &str, sign: &str) -> String {
    let n = format!("NULLIF(CAST({tries} AS DOUBLE PRECISION), 0)");
    let p = format!("({successes} / {n})");
    format!(
        "(({p} + 1.9208 / {n} {sign} 1.96 * sqrt(greatest({p} * (1 - {p}) / {n} + 0.9604 / ({n} * {n}), 0))) \
         / (1 + 3.8416 / {n}))"
    )
}
