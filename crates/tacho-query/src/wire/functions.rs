//! Functions that PostgreSQL's clients call: what is always the same here, and a few that look something up.

use super::catalog::ROLE;
use crate::catalog::{CATALOG, SCHEMA};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, ListBuilder, StringArray, StringBuilder,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use tacho_postgres::{Kind, Settings};

/// Adds them to a session; `relations` are the tables by their numbers.
///
/// # Errors
/// When the registry refuses a function.
pub(super) fn register(
    registry: &mut dyn FunctionRegistry,
    relations: impl Iterator<Item = (i64, String)>,
) -> Result<()> {
    let relations: Arc<BTreeMap<i64, String>> = Arc::new(relations.collect());
    let mut add = |name: &'static str, returns: DataType, call: Call| {
        let any = vec![TypeSignature::Nullary, TypeSignature::VariadicAny];
        let signature = Signature::one_of(any, Volatility::Stable);
        registry.register_udf(Arc::new(ScalarUDF::from(Known { name, signature, returns, call }))).map(drop)
    };
    for (name, value) in constants() {
        add(name, value.data_type(), Call::Constant(value))?;
    }
    add("current_setting", DataType::Utf8, Call::Setting)?;
    add("quote_ident", DataType::Utf8, Call::Quoted)?;
    add("format_type", DataType::Utf8, Call::Numbers(Names(Arc::new(type_names()))))?;
    add("pg_relation_name", DataType::Utf8, Call::Numbers(Names(Arc::clone(&relations))))?;
    add("to_regclass", DataType::Int64, Call::Lookup(Names(relations)))?;
    add("parse_ident", DataType::new_list(DataType::Utf8, true), Call::Parts)
}

/// What is the same whatever it is asked about.
fn constants() -> Vec<(&'static str, ScalarValue)> {
    let text = |value: &str| ScalarValue::Utf8(Some(value.into()));
    let version = format!("PostgreSQL 15.0 (tachograph {})", env!("CARGO_PKG_VERSION"));
    let yes = ["pg_table_is_visible", "pg_type_is_visible", "pg_function_is_visible", "has_table_privilege"];
    let yes_too = [
        "has_schema_privilege",
        "has_database_privilege",
        "has_column_privilege",
        "has_any_column_privilege",
    ];
    let no = ["pg_is_in_recovery", "pg_relation_is_publishable", "pg_is_other_temp_schema"];
    let none = [
        "pg_advisory_unlock_all",
        "pg_get_expr",
        "obj_description",
        "col_description",
        "shobj_description",
        "pg_get_viewdef",
    ];
    let none_too = [
        "pg_get_constraintdef",
        "pg_get_indexdef",
        "pg_get_ruledef",
        "pg_get_partkeydef",
        "pg_get_function_result",
        "pg_get_function_arguments",
        "pg_get_function_identity_arguments",
        "pg_tablespace_location",
    ];
    let zero =
        ["pg_relation_size", "pg_table_size", "pg_total_relation_size", "pg_database_size", "pg_backend_pid"];
    let mut all = vec![
        ("version", text(&version)),
        ("current_database", text(CATALOG)),
        ("current_catalog", text(CATALOG)),
        ("current_schema", text(SCHEMA)),
        ("current_user", text(ROLE)),
        ("session_user", text(ROLE)),
        ("user", text(ROLE)),
        ("pg_get_userbyid", text(ROLE)),
        ("pg_encoding_to_char", text("UTF8")),
    ];
    all.extend(yes.into_iter().chain(yes_too).map(|name| (name, ScalarValue::Boolean(Some(true)))));
    all.extend(no.into_iter().map(|name| (name, ScalarValue::Boolean(Some(false)))));
    all.extend(none.into_iter().chain(none_too).map(|name| (name, ScalarValue::Utf8(None))));
    all.extend(zero.into_iter().map(|name| (name, ScalarValue::Int64(Some(0)))));
    all
}

fn type_names() -> BTreeMap<i64, String> {
    Kind::all().map(|kind| (i64::from(kind.oid()), kind.name())).collect()
}

fn setting(name: &str) -> Option<String> {
    Settings::default().show(&name.to_lowercase()).ok().map(str::to_string)
}

/// A name as it must be written in a statement.
fn quoted(name: &str) -> String {
    let letter = |(at, byte): (usize, u8)| {
        byte == b'_' || byte.is_ascii_lowercase() || (at > 0 && byte.is_ascii_digit())
    };
    let is_plain = !name.is_empty() && name.bytes().enumerate().all(letter);
    if is_plain { name.into() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Names by their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Names(Arc<BTreeMap<i64, String>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Call {
    Constant(ScalarValue),
    /// Of a setting's name, its value.
    Setting,
    /// Of a name, the name as a statement has it.
    Quoted,
    /// Of a number, its name.
    Numbers(Names),
    /// Of a name, its number.
    Lookup(Names),
    /// Of a name with points in it, its parts.
    Parts,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Known {
    name: &'static str,
    signature: Signature,
    returns: DataType,
    call: Call,
}

impl ScalarUDFImpl for Known {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if let Call::Constant(value) = &self.call {
            return Ok(ColumnarValue::Scalar(value.clone()));
        }
        let Some(first) = args.args.first() else {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from(&self.returns)?));
        };
        let is_one = matches!(first, ColumnarValue::Scalar(_));
        let first = first.to_array(if is_one { 1 } else { args.number_rows })?;
        let out = call(&self.call, &first)?;
        if is_one {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&out, 0)?));
        }
        Ok(ColumnarValue::Array(out))
    }
}

fn call(call: &Call, first: &ArrayRef) -> Result<ArrayRef> {
    let texts = || cast(first, &DataType::Utf8);
    Ok(match call {
        Call::Constant(value) => value.to_array_of_size(first.len())?,
        Call::Setting | Call::Quoted => {
            let texts = texts()?;
            let of = |text: &str| if *call == Call::Quoted { Some(quoted(text)) } else { setting(text) };
            let answers = texts.as_string::<i32>().iter().map(|text| text.and_then(of));
            Arc::new(answers.collect::<StringArray>())
        }
        Call::Numbers(Names(names)) => {
            let numbers = cast(first, &DataType::Int64)?;
            let name = |number: Option<i64>| names.get(&number?).map(String::as_str);
            Arc::new(numbers.as_primitive::<Int64Type>().iter().map(name).collect::<StringArray>())
        }
        Call::Lookup(Names(names)) => {
            let texts = texts()?;
            let number = |text: Option<&str>| {
                let name = text?.rsplit('.').next()?.trim_matches('"');
                names.iter().find(|(_, known)| *known == name).map(|(number, _)| *number)
            };
            Arc::new(texts.as_string::<i32>().iter().map(number).collect::<Int64Array>())
        }
        Call::Parts => {
            let texts = texts()?;
            let mut out = ListBuilder::new(StringBuilder::new());
            for text in texts.as_string::<i32>() {
                let parts =
                    text.map(|text| text.split('.').map(|part| Some(part.trim_matches('"').to_string())));
                out.append_option(parts.map(|parts| parts.collect::<Vec<_>>()));
            }
            Arc::new(out.finish())
        }
    })
}
