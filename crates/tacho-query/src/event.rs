//! One event with everything that is known of it, as a nested JSON object.

use crate::encode::push_json;
use crate::engine::{Ask, Engine};
use crate::error::{Kind, QueryError};
use crate::moment::Moment;
use crate::rows::RowRef;
use crate::{catalog, table};
use datafusion::logical_expr::{LogicalPlanBuilder, col, lit};
use serde_json::{Map, Value};
use tacho_event::section::Section;
use tacho_store::schema;

/// Which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKey<'a> {
    /// The id on the log, or the one that the sender gave. Of several states the last one is shown.
    Id(&'a str),
    /// The place on the log.
    Index(u64),
}

/// Entries of one id that are looked at, the first.
const SAME_ID_MAX: usize = 1000;

impl Engine {
    /// The event as `header`, `who`, `facts`, `sections` (JSON as JSON), `gone` (why a section is gone) and
    /// `commitments` of sections that are gone. Members without a value are left out. Nothing when there is none.
    ///
    /// # Errors
    /// As [`Engine::sql`].
    pub async fn event(
        &self,
        moment: impl Into<Moment>,
        key: EventKey<'_>,
    ) -> Result<Option<Value>, QueryError> {
        let filter = match key {
            EventKey::Id(id) => {
                let on_log = col("event_id").eq(table::text(&id.to_ascii_lowercase()));
                on_log.or(col("who_id").eq(table::text(id)))
            }
            EventKey::Index(index) => match i64::try_from(index) {
                Ok(index) => col("index").eq(lit(index)),
                Err(_) => return Ok(None),
            },
        };
        let plan = LogicalPlanBuilder::from(catalog::scan(self.base(), "events")?)
            .filter(filter)?
            .sort(vec![col("index").sort(true, false)])?
            .limit(0, Some(SAME_ID_MAX))?
            .build()?;
        let batches = self.ask(moment.into(), &[], Ask::Plan(plan)).await?.collect().await?;
        let found = RowRef::all(&batches).map(nested).collect::<Result<Vec<_>, _>>()?;
        Ok(chosen(found))
    }
}

/// The newest state of whoever used the id first, a witness before an agent's own word: nobody else takes its place by
/// using it too. They are named beside it, and so are its own states where there are several.
fn chosen(found: Vec<Value>) -> Option<Value> {
    let whose = |event: &Value| ["writer", "source", "known"].map(|field| event["header"][field].clone());
    let index = |event: &Value| event["header"]["index"].clone();
    let is_witness = |event: &&Value| event["header"]["known"] != "self_reported";
    let first = whose(found.iter().find(is_witness).or(found.first())?);
    let (own, others): (Vec<Value>, Vec<Value>) = found.into_iter().partition(|event| whose(event) == first);
    let states: Vec<Value> = own.iter().map(index).collect();
    let mut event = own.into_iter().max_by_key(|event| event["header"]["revision"].as_i64())?;
    if states.len() > 1 {
        event["states"] = states.into();
    }
    if !others.is_empty() {
        event["same_id"] = others.iter().map(index).collect();
    }
    Some(event)
}

fn nested(row: RowRef<'_>) -> Result<Value, QueryError> {
    let mut parts: [(&str, Map<String, Value>); 5] =
        ["header", "who", "facts", "sections", "commitments"].map(|name| (name, Map::new()));
    let mut scratch = Vec::new();
    for (at, (field, column)) in row.batch.schema().fields().iter().zip(row.batch.columns()).enumerate() {
        if column.is_null(row.row) || at == schema::GONE_AT {
            continue;
        }
        let (part, name) = match at {
            _ if at < schema::WHO_AT => (0, field.name().as_str()),
            _ if at < schema::INT_FACTS_AT => (1, field.name().trim_start_matches("who_")),
            _ if at < schema::TEXTS_AT => (2, field.name().as_str()),
            _ if at < schema::COMMITMENTS_AT => (3, field.name().as_str()),
            _ => (4, field.name().trim_end_matches("_commitment")),
        };
        scratch.clear();
        push_json(column, row.row, &mut scratch)?;
        let value: Value = serde_json::from_slice(&scratch)
            .map_err(|error| QueryError::new(Kind::Internal, format!("column {name}: {error}")))?;
        parts[part].1.insert(name.to_string(), if part == 3 { parsed(value) } else { value });
    }
    let mut event: Map<String, Value> = parts
        .into_iter()
        .filter(|(_, map)| !map.is_empty())
        .map(|(name, map)| (name.into(), map.into()))
        .collect();
    if let Some(gone) = row.text("gone") {
        let pairs = gone.split(' ').filter_map(|pair| pair.split_once('='));
        event.insert(
            "gone".into(),
            pairs.map(|(name, why)| (name.to_string(), why.into())).collect::<Map<_, _>>().into(),
        );
    }
    Ok(Value::Object(event))
}

/// A section's text as the JSON that it is; as it stands when it is none.
fn parsed(value: Value) -> Value {
    match value.as_str().and_then(|text| serde_json::from_str(text).ok()) {
        Some(json) => json,
        None => value,
    }
}

const _: () = assert!(Section::TEXTS.len() == schema::COMMITMENTS_AT - schema::TEXTS_AT);
