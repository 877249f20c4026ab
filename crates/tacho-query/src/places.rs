//! In which rows of a row group an id stands: a column of ids is read once, and a number for each of its rows kept.
//!
//! A Bloom filter says that an id may be among 65,536; to find it, all of them were decoded each time. That took longer
//! than to read the row itself.
//!
//! Invariants
//! - A row that is left out cannot pass the filters; one that is named may hold another id with the same number, and is
//!   compared again.
//! - What is no comparison of an id with texts leaves every row in, and so does a question for very many ids.

use crate::prune::text;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, Result};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ParquetMetaData;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

/// Columns in which a value stands in few rows.
pub(crate) const IDS: [&str; 4] = ["event_id", "who_id", "session_uuid", "who_session"];

/// Most ids of a query that are looked for row by row: each goes through all rows of a row group, and planning does not
/// give way.
const IDS_MAX: usize = 64;

/// A number for each row's id. Nulls have one of their own, which an id may have, too.
#[derive(Debug)]
pub(crate) struct Places(Box<[u32]>);

const NULL: u32 = 0;

fn number(id: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish() as u32
}

impl Places {
    /// Reads the column of the row group.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(
        path: &Path,
        footer: &Arc<ParquetMetaData>,
        group: usize,
        column: usize,
    ) -> Result<Places> {
        let known = ArrowReaderMetadata::try_new(Arc::clone(footer), ArrowReaderOptions::new())?;
        let mask = ProjectionMask::leaves(footer.file_metadata().schema_descr(), [column]);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(path)?, known)
            .with_row_groups(vec![group])
            .with_projection(mask)
            .build()?;
        let mut numbers = Vec::with_capacity(footer.row_group(group).num_rows() as usize);
        for batch in reader {
            let ids = cast(batch?.column(0), &DataType::Utf8View)?;
            numbers.extend(ids.as_string_view().iter().map(|id| id.map_or(NULL, number)));
        }
        Ok(Places(numbers.into()))
    }

    /// The rows that may hold the id, in order.
    pub(crate) fn of(&self, id: &str) -> Vec<usize> {
        let wanted = number(id);
        self.0.iter().enumerate().filter(|(_, number)| **number == wanted).map(|(row, _)| row).collect()
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

/// The rows that may pass all the filters, in order; nothing when it may be any. `of` gives those that may hold an id in
/// a column.
///
/// # Errors
/// Those of `of`.
pub(crate) fn rows(
    filters: &[Expr],
    of: &dyn Fn(&str, &str) -> Result<Vec<usize>>,
) -> Result<Option<Vec<usize>>> {
    let mut found = None;
    if filters.iter().map(asked).sum::<usize>() > IDS_MAX {
        return Ok(found);
    }
    for filter in filters {
        found = both(found, one(filter, of)?);
    }
    Ok(found)
}

/// How many values the filter compares something with.
fn asked(filter: &Expr) -> usize {
    match filter {
        Expr::Alias(alias) => asked(&alias.expr),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And | Operator::Or, right }) => {
            asked(left) + asked(right)
        }
        Expr::InList(list) => list.list.len(),
        _ => 1,
    }
}

fn one(filter: &Expr, of: &dyn Fn(&str, &str) -> Result<Vec<usize>>) -> Result<Option<Vec<usize>>> {
    Ok(match filter {
        Expr::Alias(alias) => one(&alias.expr, of)?,
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            both(one(left, of)?, one(right, of)?)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => match one(left, of)? {
            Some(left) => one(right, of)?.map(|right| either(left, right)),
            None => None,
        },
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => match (id(left), id(right)) {
            (Some(column), None) => among(column, [right.as_ref()], of)?,
            (None, Some(column)) => among(column, [left.as_ref()], of)?,
            _ => None,
        },
        Expr::InList(list) if !list.negated => match id(&list.expr) {
            Some(column) => among(column, &list.list, of)?,
            None => None,
        },
        _ => None,
    })
}

fn id(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Column(Column { name, .. }) if IDS.contains(&name.as_str()) => Some(name),
        _ => None,
    }
}

fn among<'e>(
    column: &str,
    values: impl IntoIterator<Item = &'e Expr>,
    of: &dyn Fn(&str, &str) -> Result<Vec<usize>>,
) -> Result<Option<Vec<usize>>> {
    let mut found = Vec::new();
    for value in values {
        let Expr::Literal(value, _) = value else { return Ok(None) };
        let Some(value) = text(value) else { return Ok(None) };
        found = either(found, of(column, value)?);
    }
    Ok(Some(found))
}

/// Rows that are in both, where it is known.
fn both(a: Option<Vec<usize>>, b: Option<Vec<usize>>) -> Option<Vec<usize>> {
    match (a, b) {
        (Some(mut a), Some(b)) => {
            a.retain(|row| b.binary_search(row).is_ok());
            Some(a)
        }
        (a, b) => a.or(b),
    }
}

fn either(mut a: Vec<usize>, b: Vec<usize>) -> Vec<usize> {
    a.extend(b);
    a.sort_unstable();
    a.dedup();
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::logical_expr::{col, lit};

    fn of(column: &str, id: &str) -> Result<Vec<usize>> {
        Ok(match (column, id) {
            ("event_id", "a") => vec![3],
            ("who_id", "a") => vec![1, 9],
            ("session_uuid", "s") => vec![1, 2, 3],
            _ => vec![],
        })
    }

    fn own_of(id: &str) -> Expr {
        col("event_id").eq(lit(id))
    }

    #[test]
    fn rows_are_those_that_every_filter_lets_in() {
        let found = |filters: &[Expr]| rows(filters, &of).unwrap();
        let own = own_of("a");
        let named = col("who_id").eq(lit("a")).or(col("who_id").is_null().and(own.clone()));
        assert_eq!(found(std::slice::from_ref(&named)), Some(vec![1, 3, 9]));
        let session = lit("s").eq(col("session_uuid"));
        assert_eq!(found(&[named.clone(), session.clone()]), Some(vec![1, 3]));
        assert_eq!(found(&[named.clone(), col("index").gt(lit(3))]), Some(vec![1, 3, 9]));
        assert_eq!(found(&[named.or(col("index").gt(lit(3)))]), None);
        assert_eq!(found(&[col("event_id").in_list(vec![lit("a"), lit("b")], false)]), Some(vec![3]));
        assert_eq!(found(&[col("event_id").in_list(vec![lit("a")], true)]), None);
        assert_eq!(found(&[col("event_id").in_list(vec![lit("a"), col("who_id")], false)]), None);
        assert_eq!(found(&[!own, col("agent_id").eq(lit("a"))]), None);
        assert_eq!(found(&[]), None);
        let many =
            |count: usize| col("event_id").in_list((0..count).map(|n| lit(n.to_string())).collect(), false);
        assert_eq!(found(&[many(IDS_MAX)]), Some(vec![]));
        assert_eq!(found(&[many(IDS_MAX).or(own_of("a"))]), None);
    }
}
