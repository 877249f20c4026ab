//! The door of PostgreSQL's wire: how many it lets in, what it does not listen to, where it does not open.

use crate::access::made;
use crate::postgres::{block_on, code, connect, filled};
use crate::server::{Server, tachograph, text};
use std::io::{Read, Write};
use std::time::Duration;

#[test]
fn there_are_no_more_sessions_than_configured() {
    let (_dir, server) = filled();
    block_on(async {
        let mut sessions = Vec::new();
        for _ in 0..4 {
            sessions.push(connect(&server, "").await.unwrap());
        }
        assert!(server.get("/metrics").body.contains("tachograph_postgres_sessions 4\n"));
        assert_eq!(code(&connect(&server, "").await.err().unwrap()), "53300");
        drop(sessions);
        // A place is free when the server has seen that its session is over.
        let again = loop {
            if let Ok(client) = connect(&server, "").await {
                break client;
            }
        };
        assert!(again.simple_query("").await.is_ok());
    });
}

/// What the server says until it hangs up.
fn answer(server: &Server, said: &[u8]) -> Vec<u8> {
    let mut stream = std::net::TcpStream::connect(&server.postgres).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(said).unwrap();
    let mut out = Vec::new();
    // Hung up on while it still spoke: what was read counts.
    drop(stream.read_to_end(&mut out));
    out
}

#[test]
fn rubbish_ends_its_own_connection_only() {
    let (_dir, server) = filled();
    assert_eq!(answer(&server, b"GET / HTTP/1.1\r\n\r\n"), b"");
    let hello = b"\0\0\0\x10\0\x03\0\0user\0a\0\0";
    let long = [&hello[..], b"Q\x3f\xff\xff\xff"].concat();
    let said = answer(&server, &long);
    assert!(said.windows(5).any(|part| part == b"08P01"), "{said:?}");
    let strange = [&hello[..], b"B\0\0\0\x08\0\0\xff\xff"].concat();
    assert!(answer(&server, &strange).windows(5).any(|part| part == b"08P01"));
    // TLS is asked for and is not there; what comes behind the answer is the protocol.
    let tls = [b"\0\0\0\x08\x04\xd2\x16\x2f", &hello[..], b"X\0\0\0\x04"].concat();
    assert_eq!(answer(&server, &tls)[..2], *b"NR");
    block_on(async {
        assert!(connect(&server, "").await.is_ok());
    });
}

#[test]
fn it_does_not_listen_where_keys_would_travel_in_clear_text() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    made(&data, "boss", &["--role", "admin"]);
    for (config, why) in [
        ("listen = \"0.0.0.0:0\"", "without TLS"),
        ("listen = \"127.0.0.1:0\"\ncertificate = \"a.pem\"", "belong together"),
        ("listen = \"127.0.0.1:0\"\ncertificate = \"a.pem\"\nkey = \"b.pem\"", "a.pem"),
        ("listen = \"everywhere\"", "is no address"),
    ] {
        std::fs::write(data.join("config.toml"), format!("[postgres]\n{config}\n")).unwrap();
        let done = tachograph(&data, &["serve", "--listen", "127.0.0.1:0"], "");
        assert!(
            !done.status.success() && text(&done.stderr).contains(why),
            "{config}: {}",
            text(&done.stderr)
        );
    }
}
