//! OpenTelemetry: protobuf, JSON and gRPC, each on its port, with keys, limits and errors as the protocol wants them.

use crate::server::{Answer, Server, tachograph, text};
use axum::http::{HeaderMap, Request};
use bytes::Bytes;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;

/// A server with both ports open somewhere.
fn serve() -> (tempfile::TempDir, PathBuf, Server) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("config.toml"), "[otlp]\nhttp = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\n")
        .unwrap();
    let server = Server::start(&data);
    (dir, data, server)
}

/// Where one of the ports is.
fn door<'s>(server: &'s Server, kind: &str) -> &'s str {
    let mut words = server.doors.split_whitespace();
    words.find_map(|word| word.strip_prefix(kind)).unwrap_or_else(|| panic!("{}", server.doors))
}

/// A length-delimited field of protobuf.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut len = bytes.len();
    while len > 0x7f {
        out.push((len as u8 & 0x7f) | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
    out.extend_from_slice(bytes);
    out
}

/// Log records in protobuf: a time and a body each.
fn binary(bodies: &[&str]) -> Vec<u8> {
    let record = |body: &&str| {
        let time = 1_795_225_308_494_000_000_u64.to_le_bytes();
        let record = [&[1 << 3 | 1][..], &time, &field(5, &field(1, body.as_bytes()))].concat();
        field(2, &record)
    };
    let records: Vec<u8> = bodies.iter().flat_map(record).collect();
    field(1, &field(2, &records))
}

/// The same as JSON.
fn written(bodies: &[&str]) -> Vec<u8> {
    let record = |body: &&str| json!({"timeUnixNano": "1795225308494000000", "body": {"stringValue": body}});
    let records: Vec<Value> = bodies.iter().map(record).collect();
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).to_string().into_bytes()
}

const JSON: (&str, &str) = ("content-type", "application/json");
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

fn post(address: &str, path: &str, body: &[u8], headers: &[(&str, &str)]) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = agent.post(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    crate::server::answer(request.send(body).unwrap())
}

fn count(server: &Server) -> u64 {
    server.sql("SELECT count(*) AS n FROM events WHERE source = 'otlp'")[0]["n"].as_u64().unwrap()
}

/// One call: gRPC's status, and the message when there is one.
fn call(address: &str, path: &str, message: &[u8], headers: &[(&str, &str)]) -> (u32, HeaderMap, Bytes) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (sender, connection) = h2::client::handshake(stream).await.unwrap();
        let connection = tokio::spawn(connection);
        let mut request = Request::post(format!("http://{address}{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let compressed = headers.iter().any(|(name, _)| *name == "grpc-encoding");
        let framed = [&[u8::from(compressed)][..], &(message.len() as u32).to_be_bytes(), message].concat();
        let (answer, mut body) =
            sender.ready().await.unwrap().send_request(request.body(()).unwrap(), false).unwrap();
        // A call that is refused at once may have ended before its message is there.
        drop(body.send_data(framed.into(), true));
        let answer = answer.await.unwrap();
        let head = answer.headers().clone();
        let mut stream = answer.into_body();
        let mut said = Vec::new();
        while let Some(chunk) = stream.data().await {
            let chunk = chunk.unwrap();
            stream.flow_control().release_capacity(chunk.len()).unwrap();
            said.extend_from_slice(&chunk);
        }
        let trailers = stream.trailers().await.unwrap().unwrap_or(head);
        connection.abort();
        let status = trailers["grpc-status"].to_str().unwrap().parse().unwrap();
        (status, trailers, Bytes::from(said))
    })
}

const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

#[test]
fn one_record_is_one_event_however_often_and_by_whichever_way_it_comes() {
    let (_dir, _data, server) = serve();
    let http = door(&server, "http://").to_string();
    let answer = post(&http, "/v1/logs", &binary(&["a", "b"]), &[PROTOBUF]);
    assert_eq!((answer.status, answer.body.as_str()), (200, ""), "an empty message says that all was taken");
    let answer = post(&server.address, "/v1/otlp/v1/logs", &written(&["a"]), &[JSON]);
    assert_eq!((answer.status, answer.json()), (200, json!({})));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&written(&["b"])).unwrap();
    let packed = gzip.finish().unwrap();
    assert_eq!(post(&http, "/v1/logs", &packed, &[JSON, ("content-encoding", "gzip")]).status, 200);
    let grpc = door(&server, "grpc://").to_string();
    let (status, _, message) = call(&grpc, LOGS, &binary(&["a"]), &[]);
    assert_eq!((status, message.as_ref()), (0, &[0, 0, 0, 0, 0][..]), "an empty message in its frame");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&binary(&["b", "c"])).unwrap();
    let (status, ..) =
        call(&grpc, LOGS, &gzip.finish().unwrap(), &[("grpc-encoding", "gzip"), ("x-agent-id", "ops/a")]);
    assert_eq!(status, 0);
    let rows = server.sql(
        "SELECT action_details AS body, agent_id, known, source FROM agent_audit_log
         WHERE source <> 'internal' ORDER BY index",
    );
    let bodies: Vec<&str> = rows.iter().map(|row| row["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, ["\"a\"", "\"b\"", "\"c\""]);
    assert_eq!((&rows[2]["agent_id"], &rows[2]["source"]), (&json!("ops/a"), &json!("otlp")));
    assert_eq!(rows[0]["known"], "observed");
}

#[test]
fn what_is_refused_is_told_in_the_encoding_of_the_request() {
    let (_dir, _data, server) = serve();
    let http = door(&server, "http://").to_string();
    let large = "x".repeat(1 << 20);
    let answer = post(&http, "/v1/logs", &written(&["fits", &large]), &[JSON]);
    assert_eq!(answer.status, 200, "the others are recorded");
    assert_eq!(answer.json()["partialSuccess"]["rejectedLogRecords"], "1");
    assert!(
        answer.json()["partialSuccess"]["errorMessage"].as_str().unwrap().starts_with("record 2: the size")
    );
    let (status, _, message) = call(door(&server, "grpc://"), LOGS, &binary(&["over gRPC", &large]), &[]);
    assert_eq!((status, message[5] >> 3), (0, 1), "partial_success is field 1");
    assert!(message.windows(8).any(|part| part == b"record 2"));
    assert_eq!(count(&server), 2);

    let bad = post(&http, "/v1/logs", b"{\"resourceLogs\":7}", &[JSON]);
    assert_eq!((bad.status, bad.json()["code"].as_i64()), (400, Some(3)), "{bad:?}");
    let cut = &binary(&["a"])[..9];
    let bad = post(&http, "/v1/traces", cut, &[PROTOBUF]);
    assert_eq!(
        (bad.status, &bad.body.as_bytes()[..2]),
        (400, &[0x08, 3][..]),
        "google.rpc.Status, code 3: {bad:?}"
    );
    let (status, trailers, _) = call(door(&server, "grpc://"), LOGS, cut, &[]);
    assert_eq!(status, 3);
    assert!(trailers["grpc-message"].to_str().unwrap().contains("no%20OTLP"), "{trailers:?}");
    assert_eq!(post(&http, "/v1/logs", b"a: 1", &[("content-type", "text/yaml")]).status, 415);
    assert_eq!(post(&http, "/v1/spans", b"{}", &[JSON]).status, 404);
    assert_eq!(call(door(&server, "grpc://"), "/any.Service/Call", b"", &[]).0, 12, "unimplemented");
    assert_eq!(count(&server), 2, "nothing of a request that can't be read is recorded");
}

#[test]
fn keys_hold_for_every_way_in() {
    let (_dir, data, server) = serve();
    server.stop();
    let make = |name: &str, role: &str, rate: &[&str]| {
        let arguments = [&["key", "create", name, "--role", role][..], rate].concat();
        format!("Bearer {}", text(&tachograph(&data, &arguments, "").stdout).trim())
    };
    let (write, read) = (make("sdk", "write", &["--rate", "5"]), make("auditor", "read", &[]));
    let server = Server::start(&data);
    let http = door(&server, "http://").to_string();
    let grpc = door(&server, "grpc://").to_string();
    let body = written(&["a"]);
    let refused = post(&http, "/v1/logs", &body, &[JSON]);
    assert_eq!((refused.status, refused.json()["code"].as_i64()), (401, Some(16)));
    assert_eq!(post(&http, "/v1/logs", &body, &[JSON, ("authorization", &read)]).status, 403);
    assert_eq!(post(&http, "/v1/logs", &body, &[JSON, ("authorization", &write)]).status, 200);
    assert_eq!(call(&grpc, LOGS, &binary(&["b"]), &[]).0, 16);
    assert_eq!(call(&grpc, LOGS, &binary(&["b"]), &[("authorization", &read)]).0, 7);
    assert_eq!(call(&grpc, LOGS, &binary(&["b"; 100]), &[("authorization", &write)]).0, 0);
    let (status, trailers, _) = call(&grpc, LOGS, &binary(&["c"]), &[("authorization", &write)]);
    assert_eq!(status, 8, "the key's rate is used up: resource exhausted");
    assert!(trailers.contains_key("grpc-status-details-bin"), "with RetryInfo: {trailers:?}");
    let limited = post(&http, "/v1/logs", &body, &[JSON, ("authorization", &write)]);
    assert_eq!(limited.status, 429);
    assert!(
        limited.retry_after.is_some() && limited.json()["details"][0]["retryDelay"].is_string(),
        "{limited:?}"
    );
}

#[test]
fn the_agents_sdk_of_openai_may_send_its_own_traces() {
    let (_dir, _data, server) = serve();
    let body = json!({"data": [
        {"object": "trace", "id": "trace_1", "workflow_name": "desk", "group_id": "conv-42"},
        {"object": "trace.span", "id": "span_1", "trace_id": "trace_1", "parent_id": null, "error": null,
         "started_at": "2026-11-21T01:57:07Z", "ended_at": "2026-11-21T01:57:08Z",
         "span_data": {"type": "function", "name": "order", "input": "{\"qty\": 10}", "output": "filled"}}]});
    let answer = post(&server.address, "/v1/traces/ingest", body.to_string().as_bytes(), &[JSON]);
    assert_eq!((answer.status, answer.json()["accepted"].as_u64()), (200, Some(2)), "{answer:?}");
    let rows = server.sql(
        "SELECT action_name, session_id, action_details->>'qty' AS qty FROM agent_audit_log ORDER BY index",
    );
    assert_eq!(rows[1], json!({"action_name": "order", "session_id": "conv-42", "qty": "10"}));
    for refused in [&b"[]"[..], br#"{"data":5}"#, br#"{"data":{"object":"trace.span"}}"#, b"{}"] {
        assert_eq!(post(&server.address, "/v1/traces/ingest", refused, &[JSON]).status, 400);
    }
}

#[test]
fn a_usual_port_that_is_taken_stops_nobody() {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let servers: Vec<Server> = folders.iter().map(|dir| Server::start(&dir.path().join("data"))).collect();
    for server in &servers {
        let answer = post(&server.address, "/v1/otlp/v1/logs", &written(&["a"]), &[JSON]);
        assert_eq!(answer.status, 200);
        assert_eq!(count(server), 1);
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = format!("[otlp]\nhttp = \"{}\"\n", taken.local_addr().unwrap());
    let named = folders[0].path().join("named");
    std::fs::create_dir(&named).unwrap();
    std::fs::write(named.join("config.toml"), config).unwrap();
    let refused = tachograph(&named, &["serve", "--listen", "127.0.0.1:0"], "");
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("otlp.http"), "one that was asked for is an error: {refused:?}");
}
