//! Answers as JSON, NDJSON, CSV and Arrow.

use crate::data::{engine, generate, hot, now};
use futures::executor::block_on;
use std::sync::Arc;
use tacho_action::Overlay;
use tacho_query::{Encoder, Format, Moment};
use tacho_store::Snapshot;

fn encoded(snapshot: &Arc<Snapshot>, sql: &str, format: Format) -> Vec<u8> {
    encoded_of(Moment::from(Arc::clone(snapshot)), sql, format)
}

fn encoded_of(moment: Moment, sql: &str, format: Format) -> Vec<u8> {
    block_on(async {
        let mut answer = engine().sql(moment, &[], sql).await.unwrap();
        let mut encoder = Encoder::new(format, Arc::clone(&answer.schema), answer.log_size).unwrap();
        encoder = encoder.with_unjoined(answer.unjoined);
        let mut out = Vec::new();
        while let Some(batch) = answer.next().await.unwrap() {
            encoder.batch(&batch, &mut out).unwrap();
        }
        encoder.finish(&mut out).unwrap();
        out
    })
}

fn text(sql: &str, format: Format) -> String {
    String::from_utf8(encoded(&Arc::default(), sql, format)).unwrap()
}

const VALUES: &str = "SELECT timestamp '2025-01-02 10:30:15.123' AS t, 9007199254740993 AS n, 0.1 + 0.2 AS f, \
    usd(1234567) AS cost, 'a \"b\"\n' AS s, true AS b, NULL AS nothing, [1, 2] AS list, date '2025-01-02' AS d, \
    '{\"x\":{\"y\":1}}'->'x' AS j, '{\"x\":\"z\"}'->'x' AS js, X'0aff' AS bytes";

#[test]
fn an_answer_says_how_much_was_not_joined_yet() {
    let snapshot = hot(&generate(5, now()));
    let joined_to = |entries: u64| {
        let mut overlay = Overlay::default();
        overlay.set_position(entries);
        Moment { overlay: Arc::new(overlay), ..Moment::from(Arc::clone(&snapshot)) }
    };
    let query = "SELECT count(*) FROM agent_audit_log";
    let unjoined = |entries: u64| {
        let out = encoded_of(joined_to(entries), query, Format::Json);
        serde_json::from_slice::<serde_json::Value>(&out).unwrap()["unjoined"].clone()
    };
    assert_eq!(unjoined(snapshot.size - 3), 3);
    assert!(unjoined(snapshot.size).is_null() && unjoined(snapshot.size + 1).is_null());
}

#[test]
fn values_keep_their_meaning_in_json() {
    let json: serde_json::Value = serde_json::from_str(&text(VALUES, Format::Json)).unwrap();
    let want: serde_json::Value = serde_json::from_str(
        r#"{"t":"2025-01-02T10:30:15.123000Z","n":9007199254740993,"f":0.30000000000000004,"cost":1.234567,
        "s":"a \"b\"\n","b":true,"nothing":null,"list":[1,2],"d":"2025-01-02","j":{"y":1},"js":"z","bytes":"0aff"}"#,
    )
    .unwrap();
    assert_eq!(json["rows"], serde_json::json!([want]));
    assert_eq!(json["rows_count"], 1);
    assert_eq!(json["columns"][0], serde_json::json!({"name": "t", "type": "timestamp"}));
    let line = text(VALUES, Format::Ndjson);
    assert!(
        line.contains(r#""nothing":null"#) && line.contains(r#""cost":1.234567,"#) && line.ends_with("}\n"),
        "{line}"
    );
}

#[test]
fn csv_is_quoted_where_it_must_be() {
    let csv = text("SELECT 'a,b' AS x, 'say \"hi\"' AS \"y z\", NULL AS n, usd(-5) AS c", Format::Csv);
    assert_eq!(csv, "x,y z,n,c\r\n\"a,b\",\"say \"\"hi\"\"\",,-0.000005\r\n");
}

#[test]
fn every_format_holds_every_row() {
    let snapshot = hot(&generate(20_000, now()));
    let sql = "SELECT * FROM agent_audit_log";
    let json: serde_json::Value = serde_json::from_slice(&encoded(&snapshot, sql, Format::Json)).unwrap();
    assert_eq!(json["rows"].as_array().unwrap().len(), 20_000);
    assert_eq!((&json["rows_count"], &json["tree_size"]), (&20_000.into(), &20_000.into()));
    let lines = encoded(&snapshot, sql, Format::Ndjson);
    let lines: Vec<&[u8]> = lines.split_inclusive(|b| *b == b'\n').collect();
    assert!(lines.iter().all(|line| serde_json::from_slice::<serde_json::Value>(line).is_ok()));
    assert_eq!(lines.len(), 20_000);
    let arrow = encoded(&snapshot, sql, Format::Arrow);
    let reader = arrow::ipc::reader::StreamReader::try_new(arrow.as_slice(), None).unwrap();
    assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 20_000);
}

#[test]
fn an_empty_answer_is_a_whole_document() {
    let sql = "SELECT index FROM events";
    assert_eq!(
        text(sql, Format::Json),
        "{\"columns\":[{\"name\":\"index\",\"type\":\"bigint\"}],\"rows\":[],\"rows_count\":0,\"tree_size\":0}\n"
    );
    assert_eq!(text(sql, Format::Ndjson), "");
    assert_eq!(text(sql, Format::Csv), "index\r\n");
    let arrow = encoded(&Arc::default(), sql, Format::Arrow);
    assert_eq!(arrow::ipc::reader::StreamReader::try_new(arrow.as_slice(), None).unwrap().count(), 0);
}

#[test]
fn an_answer_that_breaks_off_says_why_where_the_format_can() {
    let told = |format, line, sql: &str| {
        block_on(async {
            let mut answer = engine().sql(Arc::default(), &[], sql).await.unwrap();
            let encoder = Encoder::new(format, Arc::clone(&answer.schema), answer.log_size).unwrap();
            let (mut encoder, mut out) = (encoder.with_error_line(line), Vec::new());
            while let Some(batch) = answer.next().await.unwrap() {
                encoder.batch(&batch, &mut out).unwrap();
            }
            let told = encoder.fail(r#"{"status":422}"#, &mut out);
            told.then(|| String::from_utf8(out).unwrap())
        })
    };
    let row = "SELECT '{\"error\":1}' AS x";
    let none = "SELECT 1 AS x WHERE false";
    let json: serde_json::Value = serde_json::from_str(&told(Format::Json, false, row).unwrap()).unwrap();
    assert_eq!((&json["error"]["status"], &json["rows_count"]), (&422.into(), &1.into()));
    let json: serde_json::Value = serde_json::from_str(&told(Format::Json, false, none).unwrap()).unwrap();
    assert_eq!((&json["error"]["status"], &json["rows"]), (&422.into(), &serde_json::json!([])));
    let last = "{\"error\":{\"status\":422}}\n";
    assert_eq!(told(Format::Ndjson, false, none).unwrap(), last);
    assert_eq!(
        told(Format::Csv, true, row).unwrap(),
        format!("x\r\n\"{{\"\"error\"\":1}}\"\r\n{last}"),
        "a value that looks like the line is quoted"
    );
    assert_eq!(told(Format::Csv, false, row), None);
    assert_eq!(told(Format::Arrow, true, row), None);
}

#[test]
fn accept_headers_choose() {
    for (accept, format) in [
        ("application/x-ndjson", Format::Ndjson),
        ("text/csv", Format::Csv),
        ("application/vnd.apache.arrow.stream", Format::Arrow),
        ("application/json", Format::Json),
        ("*/*", Format::Json),
    ] {
        assert_eq!(Format::of_accept(accept), format, "{accept}");
        assert!(accept == "*/*" || format.media_type().starts_with(accept));
    }
}

fn of_parquet(bytes: Vec<u8>) -> Vec<arrow::array::RecordBatch> {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, &bytes).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
    reader.unwrap().build().unwrap().map(Result::unwrap).collect()
}

#[test]
fn parquet_holds_every_row_and_what_it_has_no_type_for_is_text() {
    let snapshot = hot(&generate(70_000, now()));
    let found = of_parquet(encoded(&snapshot, "SELECT * FROM agent_audit_log", Format::Parquet));
    assert_eq!(found.iter().map(|batch| batch.num_rows()).sum::<usize>(), 70_000);
    assert_eq!(Format::of_accept(Format::Parquet.media_type()), Format::Parquet);
    let odd = of_parquet(encoded(&Arc::default(), VALUES, Format::Parquet));
    let text = |name: &str| {
        let column = odd[0].column_by_name(name).unwrap();
        arrow::util::display::array_value_to_string(column, 0).unwrap()
    };
    assert_eq!(
        (text("j").as_str(), text("js").as_str(), text("n").as_str()),
        (r#"{"y":1}"#, r#""z""#, "9007199254740993")
    );
    assert_eq!((text("nothing").as_str(), text("cost").as_str()), ("", "1.234567"));
    let none = of_parquet(encoded(&Arc::default(), "SELECT 1 AS x WHERE false", Format::Parquet));
    assert!(none.iter().all(|batch| batch.num_rows() == 0));
}
