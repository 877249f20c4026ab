//! The session that queries of PostgreSQL's clients begin from: that of all queries, with `pg_catalog`, an
//! `information_schema` in PostgreSQL's words, and functions that clients call.

use super::functions;
use super::tables::{EMPTY, FILLED, INFORMATION};
use crate::catalog::{CATALOG, SCHEMA, at_once};
use arrow::json::ReaderBuilder;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemTable, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider,
};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SessionState, SessionStateBuilder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tacho_postgres::Kind;

/// Numbers as PostgreSQL has them: of its own schema, of `public`, of what users make.
const OWN: i64 = 11;
const PUBLIC: i64 = 2200;
const INFORMATION_SCHEMA: i64 = 13_000;
const OWN_FIRST: i64 = 12_000;
const FIRST: i64 = 16_384;
/// The role that owns everything.
pub(super) const ROLE: &str = "tachograph";
const ROLE_OID: i64 = 10;

/// A table with its number.
struct Relation {
    oid: i64,
    schema: &'static str,
    name: String,
    columns: SchemaRef,
}

/// Makes the session.
///
/// # Errors
/// When a table cannot be made: a fault of ours that every test would show.
pub(crate) fn build(base: &SessionState) -> Result<SessionState> {
    let missing = || DataFusionError::Internal("the schema of the tables is missing".into());
    let public = base.catalog_list().catalog(CATALOG).and_then(|catalog| catalog.schema(SCHEMA));
    let public = public.ok_or_else(missing)?;
    let relations = relations(public.as_ref())?;
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(SCHEMA, public)?;
    let own = MemorySchemaProvider::new();
    let rows = rows(&relations);
    for (name, columns) in FILLED.iter().chain(EMPTY) {
        own.register_table((*name).into(), table(columns, rows.get(name))?)?;
    }
    catalog.register_schema("pg_catalog", Arc::new(own))?;
    let information = MemorySchemaProvider::new();
    let rows = information_rows(&relations);
    for (name, columns) in INFORMATION {
        information.register_table((*name).into(), table(columns, rows.get(name))?)?;
    }
    catalog.register_schema("information_schema", Arc::new(information))?;
    let list = MemoryCatalogProviderList::new();
    list.register_catalog(CATALOG.into(), Arc::new(catalog));
    let config = base.config().clone().with_information_schema(false);
    let builder = SessionStateBuilder::new_from_existing(base.clone());
    let mut state = builder.with_config(config).with_catalog_list(Arc::new(list)).build();
    functions::register(&mut state, relations.iter().map(|relation| (relation.oid, relation.name.clone())))?;
    Ok(state)
}

fn relations(public: &dyn SchemaProvider) -> Result<Vec<Relation>> {
    let mut names = public.table_names();
    names.sort_unstable();
    let mut found = Vec::new();
    for (name, oid) in names.into_iter().zip(FIRST..) {
        let Some(table) = at_once(public.table(&name))? else { continue };
        found.push(Relation { oid, schema: SCHEMA, name, columns: table.schema() });
    }
    for ((name, columns), oid) in FILLED.iter().chain(EMPTY).zip(OWN_FIRST..) {
        found.push(Relation { oid, schema: "pg_catalog", name: (*name).into(), columns: schema(columns) });
    }
    Ok(found)
}

fn schema(columns: &str) -> SchemaRef {
    let field = |column: &str| {
        let (name, kind) = column.split_once(':').unwrap_or((column, "t"));
        let data_type = match kind {
            "i" => DataType::Int64,
            "b" => DataType::Boolean,
            "f" => DataType::Float64,
            "l" => DataType::new_list(DataType::Utf8, true),
            _ => DataType::Utf8,
        };
        Field::new(name, data_type, true)
    };
    Arc::new(Schema::new(columns.split_whitespace().map(field).collect::<Vec<_>>()))
}

fn table(columns: &str, rows: Option<&Vec<Value>>) -> Result<Arc<MemTable>> {
    let schema = schema(columns);
    let mut decoder = ReaderBuilder::new(Arc::clone(&schema)).with_batch_size(1 << 16).build_decoder()?;
    decoder.serialize(rows.map_or(&[][..], Vec::as_slice))?;
    let batch = decoder.flush()?.unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&schema)));
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
}

fn number(schema: &str) -> i64 {
    if schema == SCHEMA { PUBLIC } else { OWN }
}

type Rows = BTreeMap<&'static str, Vec<Value>>;

/// The rows of `pg_catalog`.
fn rows(relations: &[Relation]) -> Rows {
    let namespace = |oid: i64, name: &str| json!({"oid": oid, "nspname": name, "nspowner": ROLE_OID});
    let schemas = vec![
        namespace(OWN, "pg_catalog"),
        namespace(PUBLIC, SCHEMA),
        namespace(INFORMATION_SCHEMA, "information_schema"),
    ];
    let database = json!({
        "oid": 5, "datname": CATALOG, "datdba": ROLE_OID, "encoding": 6, "datlocprovider": "c", "datistemplate": false,
        "datallowconn": true, "datconnlimit": -1, "dattablespace": 1663, "datcollate": "C", "datctype": "C",
    });
    let role = json!({
        "oid": ROLE_OID, "rolname": ROLE, "rolsuper": false, "rolinherit": true, "rolcreaterole": false,
        "rolcreatedb": false, "rolcanlogin": true, "rolreplication": false, "rolconnlimit": -1, "rolbypassrls": false,
    });
    let user = json!({
        "usename": ROLE, "usesysid": ROLE_OID, "usecreatedb": false, "usesuper": false, "userepl": false,
        "usebypassrls": false,
    });
    let listed = |relation: &Relation| {
        json!({
            "schemaname": relation.schema, "tablename": relation.name, "tableowner": ROLE, "hasindexes": false,
            "hasrules": false, "hastriggers": false, "rowsecurity": false,
        })
    };
    let setting = |(name, value): (&str, &str)| json!({"name": name, "setting": value, "source": "default"});
    Rows::from([
        ("pg_namespace", schemas),
        ("pg_class", relations.iter().map(class).collect()),
        ("pg_attribute", relations.iter().flat_map(attributes).collect()),
        ("pg_type", Kind::all().map(of_type).collect()),
        ("pg_database", vec![database]),
        ("pg_roles", vec![role]),
        ("pg_user", vec![user]),
        ("pg_am", vec![json!({"oid": 2, "amname": "heap", "amtype": "t"})]),
        ("pg_tables", relations.iter().map(listed).collect()),
        ("pg_settings", tacho_postgres::Settings::given().map(setting).collect()),
    ])
}

fn class(relation: &Relation) -> Value {
    // A view, as nothing can be written to it.
    json!({
        "oid": relation.oid, "relname": relation.name, "relnamespace": number(relation.schema), "reltype": 0,
        "reloftype": 0, "relowner": ROLE_OID, "relam": 0, "relfilenode": 0, "reltablespace": 0, "relpages": 0,
        "reltuples": -1.0, "relallvisible": 0, "reltoastrelid": 0, "relhasindex": false, "relisshared": false,
        "relpersistence": "p", "relkind": "v", "relnatts": relation.columns.fields().len(), "relchecks": 0,
        "relhasrules": false, "relhastriggers": false, "relhassubclass": false, "relrowsecurity": false,
        "relforcerowsecurity": false, "relispopulated": true, "relreplident": "n", "relispartition": false,
        "relrewrite": 0, "relhasoids": false,
    })
}

fn attributes(relation: &Relation) -> impl Iterator<Item = Value> {
    relation.columns.fields().iter().zip(1..).map(|(field, at)| {
        let kind = Kind::of(field.data_type());
        json!({
            "attrelid": relation.oid, "attname": field.name(), "atttypid": kind.oid(), "attstattarget": -1,
            "attlen": kind.size(), "attnum": at, "attndims": i32::from(kind.is_list), "attcacheoff": -1,
            "atttypmod": -1, "attbyval": kind.size() > 0, "attalign": "i", "attstorage": "p", "attcompression": "",
            "attnotnull": !field.is_nullable(), "atthasdef": false, "atthasmissing": false, "attidentity": "",
            "attgenerated": "", "attisdropped": false, "attislocal": true, "attinhcount": 0, "attcollation": 0,
        })
    })
}

fn of_type(kind: Kind) -> Value {
    let list = Kind { is_list: true, ..kind };
    let other = |present: bool, kind: Kind| if present { kind.oid() } else { 0 };
    json!({
        "oid": kind.oid(), "typname": kind.type_name(), "typnamespace": OWN, "typowner": ROLE_OID, "typlen": kind.size(),
        "typbyval": kind.size() > 0, "typtype": "b", "typcategory": kind.category(), "typispreferred": false,
        "typisdefined": true, "typdelim": ",", "typrelid": 0, "typelem": other(kind.is_list, kind.item()),
        "typsubscript": if kind.is_list { "array_subscript_handler" } else { "-" },
        "typarray": other(!kind.is_list, list), "typinput": if kind.is_list { "array_in" } else { "in" },
        "typreceive": if kind.is_list { "array_recv" } else { "recv" }, "typnotnull": false, "typbasetype": 0,
        "typtypmod": -1, "typndims": 0, "typcollation": 0,
    })
}

/// The rows of `information_schema`. Every view counts as a table there: editors that offer tables leave views out.
fn information_rows(relations: &[Relation]) -> Rows {
    // So that `SHOW TABLES` says what there is to ask.
    let public = || relations.iter().filter(|relation| relation.schema == SCHEMA);
    let schemas = [SCHEMA, "pg_catalog", "information_schema"];
    let schemata =
        schemas.map(|name| json!({"catalog_name": CATALOG, "schema_name": name, "schema_owner": ROLE}));
    let table = |relation: &Relation| {
        json!({
            "table_catalog": CATALOG, "table_schema": relation.schema, "table_name": relation.name,
            "table_type": "BASE TABLE", "is_insertable_into": "NO",
        })
    };
    let columns = |relation: &Relation| {
        let column = |(field, at): (&Arc<Field>, i32)| {
            let kind = Kind::of(field.data_type());
            let (precision, scale) = match field.data_type() {
                DataType::Decimal128(precision, scale) => (Some(*precision), Some(*scale)),
                _ => (None, None),
            };
            json!({
                "table_catalog": CATALOG, "table_schema": relation.schema, "table_name": relation.name,
                "column_name": field.name(), "ordinal_position": at,
                "is_nullable": if field.is_nullable() { "YES" } else { "NO" },
                "data_type": if kind.is_list { "ARRAY".to_string() } else { kind.name() },
                "numeric_precision": precision, "numeric_scale": scale, "udt_catalog": CATALOG,
                "udt_schema": "pg_catalog", "udt_name": kind.type_name(), "is_identity": "NO", "is_generated": "NEVER",
                "is_updatable": "NO",
            })
        };
        relation.columns.fields().iter().zip(1..).map(column).collect::<Vec<_>>()
    };
    Rows::from([
        ("schemata", schemata.to_vec()),
        ("tables", public().map(table).collect()),
        ("columns", public().flat_map(columns).collect()),
    ])
}
