//! The log over PostgreSQL's wire, by a client that we did not write.

use crate::access::made;
use crate::server::{Server, tachograph, text};
use futures::{FutureExt, StreamExt, TryStreamExt};
use std::path::Path;
use std::time::{Duration, SystemTime};
use tokio::io::AsyncReadExt;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// A server with PostgreSQL's wire open.
pub(crate) fn listening(data: &Path) -> Server {
    std::fs::create_dir_all(data).unwrap();
    std::fs::write(data.join("config.toml"), "[postgres]\nlisten = \"127.0.0.1:0\"\nsessions = 4\n").unwrap();
    let server = Server::start(data);
    assert!(!server.postgres.is_empty());
    server
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub(crate) async fn connect(server: &Server, more: &str) -> Result<Client, tokio_postgres::Error> {
    let (host, port) = server.postgres.split_once(':').unwrap();
    let settings = format!("host={host} port={port} user=anybody dbname=fleet {more}");
    let (client, connection) = tokio_postgres::connect(&settings, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

const EVENTS: &str = r#"[
    {"id":"e1","agent":{"id":"ops/a"},"session_id":"s1","user_id":"ann","timestamp":"2026-11-20T10:00:00.5Z",
     "action":{"type":"tool","name":"Bash","parameters":{"n":1}},"outcome":{"status":"success"},
     "tokens_input":10,"tokens_output":5,"cost_usd":0.25,"duration_ms":1500},
    {"id":"e2","agent":{"id":"ops/b"},"session_id":"s1","user_id":"bob","timestamp":"2026-11-20T11:00:00Z",
     "action":{"type":"tool","name":"Edit"},"outcome":{"status":"failure"}},
    {"id":"e3","agent":{"id":"ops/a"},"session_id":"s2","user_id":"ann","timestamp":"2026-11-20T12:00:00Z",
     "action":{"type":"decision","name":"choose"},"outcome":{"status":"success"}}]"#;

pub(crate) fn filled() -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().unwrap();
    let server = listening(&dir.path().join("data"));
    assert_eq!(server.post("/log", EVENTS).json()["accepted"], 3);
    (dir, server)
}

/// Asks for the end of what runs, and waits until the server has heard it: a request that is still under way would end
/// what begins next.
async fn cancel(server: &Server, token: &tokio_postgres::CancelToken) {
    let stream = std::net::TcpStream::connect(&server.postgres).unwrap();
    stream.set_nonblocking(true).unwrap();
    let mut answer = tokio::net::TcpStream::from_std(stream.try_clone().unwrap()).unwrap();
    token.cancel_query_raw(tokio::net::TcpStream::from_std(stream).unwrap(), NoTls).await.unwrap();
    // It answers nothing, and closes once it is done.
    assert_eq!(answer.read(&mut [0; 1]).await.unwrap(), 0);
}

pub(crate) fn code(error: &tokio_postgres::Error) -> &str {
    error.code().unwrap_or_else(|| panic!("{error:?}")).code()
}

#[test]
fn statements_take_parameters_and_give_values_of_their_types() {
    let (_dir, server) = filled();
    block_on(async {
        let client = connect(&server, "").await.unwrap();
        let asked = "SELECT id, timestamp, tokens_input, cost_usd::float8, sensitive_data_accessed, user_id, duration_ms::int \
                     FROM agent_audit_log WHERE agent_id = $1 AND timestamp >= $2 AND source <> 'internal' ORDER BY timestamp LIMIT $3";
        let statement = client.prepare(asked).await.unwrap();
        assert_eq!(statement.params(), [Type::TEXT, Type::TIMESTAMPTZ, Type::INT8]);
        let kinds: Vec<_> = statement.columns().iter().map(|column| column.type_().clone()).collect();
        let text = Type::TEXT;
        assert_eq!(
            kinds,
            [text.clone(), Type::TIMESTAMPTZ, Type::INT8, Type::FLOAT8, Type::BOOL, text, Type::INT4]
        );
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_168_800);
        let rows = client.query(&statement, &[&"ops/a", &since, &5i64]).await.unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].get::<_, &str>(0), "e1");
        assert_eq!(rows[0].get::<_, SystemTime>(1), since + Duration::from_millis(500));
        assert_eq!((rows[0].get::<_, i64>(2), rows[0].get::<_, f64>(3)), (10, 0.25));
        assert_eq!((rows[0].get::<_, bool>(4), rows[0].get::<_, i32>(6)), (false, 1500));
        assert_eq!(rows[1].get::<_, Option<i32>>(6), None);
        // A value is never read as SQL.
        let hostile = "O'Brien'; DROP TABLE events; --";
        let said = client.query_one("SELECT $1::text WHERE $1 <> 'x'", &[&hostile]).await.unwrap();
        assert_eq!(said.get::<_, &str>(0), hostile);
        let listed = client
            .prepare_typed("SELECT count(*) FROM agent_audit_log WHERE id = ANY($1)", &[Type::TEXT_ARRAY]);
        let count = client.query_one(&listed.await.unwrap(), &[&vec!["e1", "e3"]]).await.unwrap();
        assert_eq!(count.get::<_, i64>(0), 2);
        let row = client
            .query_one(
                "SELECT $1::bigint + 1, $2::text, array_agg(DISTINCT agent_id ORDER BY agent_id) \
                                    FROM agent_audit_log WHERE source <> 'internal'",
                &[&41i64, &"x"],
            )
            .await
            .unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, &str>(1)), (42, "x"));
        assert_eq!(row.get::<_, Vec<String>>(2), ["ops/a", "ops/b"]);
    });
}

#[test]
fn one_text_may_hold_several_statements_and_a_portal_gives_its_rows_in_parts() {
    let (_dir, server) = filled();
    block_on(async {
        let mut client = connect(&server, "options='-c statement_timeout=20s'").await.unwrap();
        let said = client
            .simple_query(
                "SELECT count(*) AS n FROM events WHERE agent_id = 'ops/a'; SHOW statement_timeout; -- done",
            )
            .await
            .unwrap();
        let rows: Vec<_> = said
            .iter()
            .filter_map(|one| match one {
                SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            })
            .collect();
        assert_eq!(rows, ["2", "20s"]);
        let transaction = client.transaction().await.unwrap();
        let statement = transaction
            .prepare("SELECT n FROM (VALUES (1), (2), (3), (4), (5)) AS t(n) ORDER BY n")
            .await
            .unwrap();
        let portal = transaction.bind(&statement, &[]).await.unwrap();
        let mut seen = Vec::new();
        for want in [2, 2, 1, 0] {
            let part = transaction.query_portal(&portal, 2).await.unwrap();
            assert_eq!(part.len(), want);
            seen.extend(part.iter().map(|row| row.get::<_, i64>(0)));
        }
        assert_eq!(seen, [1, 2, 3, 4, 5]);
        transaction.commit().await.unwrap();
    });
}

#[test]
fn what_is_wrong_has_a_code_and_the_session_goes_on() {
    let (_dir, server) = filled();
    block_on(async {
        let mut client = connect(&server, "").await.unwrap();
        for (asked, want) in [
            ("SELEC 1", "42601"),
            ("SELECT * FROM nothing", "42P01"),
            ("SELECT nothing FROM events", "42P01"),
            ("INSERT INTO events VALUES (1)", "25006"),
            ("DROP TABLE events", "25006"),
            ("CREATE TABLE t AS SELECT 1", "25006"),
            ("SELECT 1 / 0", "22023"),
            ("SHOW nothing", "42704"),
        ] {
            let simple = client.simple_query(asked).await.unwrap_err();
            assert_eq!(code(&simple), want, "{asked}: {simple:?}");
            let extended = client.query(asked, &[]).await.unwrap_err();
            assert_eq!(code(&extended), want, "{asked}: {extended:?}");
        }
        let place = client.simple_query("SELECT 1,\n nothing FROM events").await.unwrap_err();
        let place = place.as_db_error().unwrap().position().cloned();
        assert_eq!(place, Some(tokio_postgres::error::ErrorPosition::Original(12)));
        let transaction = client.transaction().await.unwrap();
        assert!(transaction.query("SELECT nothing", &[]).await.is_err());
        assert_eq!(code(&transaction.query("SELECT 1", &[]).await.unwrap_err()), "25P02");
        transaction.rollback().await.unwrap();
        assert_eq!(client.query_one("SELECT 1", &[]).await.unwrap().get::<_, i64>(0), 1);
        assert_eq!(server.sql("SELECT count(*) AS n FROM events WHERE agent_id LIKE 'ops/%'")[0]["n"], 3);
    });
    let metrics = server.get("/metrics").body;
    let told = |line: &str| line.starts_with("tachograph_postgres_errors_total 1");
    assert!(metrics.lines().any(told), "{metrics}");
}

#[test]
fn a_query_can_be_ended_from_outside_and_by_time() {
    let (_dir, server) = filled();
    // Longer than anybody waits.
    let long = "SELECT count(*) FROM generate_series(1, 1000000000000) WHERE value < 0";
    block_on(async {
        let client = connect(&server, "").await.unwrap();
        let token = client.cancel_token();
        let mut running = Box::pin(client.simple_query(long));
        let error = loop {
            if let Some(ended) = running.as_mut().now_or_never() {
                break ended.unwrap_err();
            }
            // Before the query has begun there is nothing to end, so it is said again.
            cancel(&server, &token).await;
        };
        assert_eq!(code(&error), "57014", "{error:?}");
        client.simple_query("SET statement_timeout = 50").await.unwrap();
        let error = client.query(long, &[]).await.unwrap_err();
        assert_eq!(code(&error), "57014", "{error:?}");
        client.simple_query("RESET statement_timeout").await.unwrap();
        assert_eq!(client.query_one("SELECT 2", &[]).await.unwrap().get::<_, i64>(0), 2);
    });
}

#[test]
fn the_password_is_a_key_and_sees_what_the_key_sees() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let admin = made(&data, "boss", &["--role", "admin"]);
    let ann = made(&data, "ann", &["--role", "viewer", "--user", "ann"]);
    let writer = made(&data, "hook", &["--role", "write"]);
    let server = listening(&data);
    let bearer = format!("Bearer {admin}");
    server.post_with("/log", EVENTS.as_bytes(), &[("authorization", &bearer)]).unwrap();
    block_on(async {
        for (password, want) in [("password=tgk_00", "28P01"), (&format!("password={writer}"), "28000")] {
            let error = connect(&server, password).await.err().unwrap();
            assert_eq!(code(&error), want, "{error:?}");
        }
        let count = "SELECT count(*) FROM agent_audit_log WHERE agent_id LIKE 'ops/%'";
        let boss = connect(&server, &format!("password={admin}")).await.unwrap();
        assert_eq!(boss.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 3);
        let own = connect(&server, &format!("password={ann}")).await.unwrap();
        assert_eq!(own.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 2);
        let rows: Vec<_> = own
            .query_raw("SELECT * FROM events", Vec::<i32>::new())
            .await
            .unwrap()
            .map_ok(|_| ())
            .collect()
            .await;
        assert_eq!(rows.len(), 2);
        // A key that is revoked ends at its next statement, as soon as the server has seen it.
        let listed = text(&tachograph(&data, &["key", "list"], "").stdout);
        let id = listed.lines().find(|line| line.contains(" ann ")).unwrap();
        let id = id.split(['│', '┆', ' ']).find(|part| !part.is_empty()).unwrap();
        assert_eq!(tachograph(&data, &["key", "revoke", id], "").status.code(), Some(0));
        let error = loop {
            if let Err(error) = own.query_one(count, &[]).await {
                break error;
            }
        };
        assert_eq!(code(&error), "42501", "{error:?}");
    });
    let failed = server.get_as("/metrics", "text/plain").body;
    assert!(failed.contains("tachograph_failed_logins_total 2"), "{failed}");
}
