//! The live tail over a WebSocket, by a client that we did not write.

use crate::limited::shared;
use crate::server::Server;
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

type Socket = WebSocketStream<TcpStream>;

/// Opens a socket; else the status and the body of the refusal.
async fn open(
    server: &Server,
    query: &str,
    headers: &[(&'static str, &str)],
) -> Result<Socket, (u16, String)> {
    let socket = TcpSocket::new_v4().unwrap();
    // Little room, so that who reads nothing is soon behind.
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(server.address.parse().unwrap()).await.unwrap();
    let mut request = format!("ws://{}/v1/tail/ws{query}", server.address).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => {
            let body = answer.body().clone().unwrap_or_default();
            Err((answer.status().as_u16(), String::from_utf8(body).unwrap()))
        }
        Err(other) => panic!("{other}"),
    }
}

/// The next event, or the code and the reason of the end.
async fn next(socket: &mut Socket) -> Result<Value, (u16, String)> {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
            Message::Close(end) => {
                let end = end.unwrap();
                return Err((end.code.into(), end.reason.to_string()));
            }
            _ => {}
        }
    }
}

/// What the page keeps of who is signed in.
fn cookie(server: &Server, key: &str) -> String {
    let body = format!(r#"{{"key":"{key}"}}"#);
    let request =
        ureq::post(format!("http://{}/v1/session", server.address)).header("x-tachograph-page", "1");
    let answer = request.send(&body).unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_string()
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn a_program_follows_and_comes_back_without_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    server.post("/log", r#"[{"agent_id":"a","n":1},{"agent_id":"b","n":2},{"agent_id":"a","n":3}]"#);
    block_on(async {
        let mut socket = open(&server, "?after=0&agent=a", &[]).await.unwrap();
        let told = next(&mut socket).await.unwrap();
        assert_eq!(told["entry"]["agent"], "a", "{told}");
        let last = told["index"].as_u64().unwrap();
        server.post("/log", r#"{"agent_id":"a","n":4}"#);
        let told = next(&mut socket).await.unwrap();
        assert!(told["index"].as_u64().unwrap() > last, "{told}");
        assert!(server.get("/metrics").body.contains("tachograph_websockets 1\n"));
        socket.send(Message::text("hello")).await.unwrap();
        let (code, reason) = next(&mut socket).await.unwrap_err();
        assert_eq!(code, 1003, "{reason}");
        let mut socket = open(&server, "?agent=a", &[("last-event-id", &last.to_string())]).await.unwrap();
        assert_eq!(next(&mut socket).await.unwrap(), told);
        server.stop();
        assert_eq!(next(&mut socket).await.unwrap_err().0, 1001);
    });
}

#[test]
fn a_page_of_another_address_and_who_has_no_key_are_refused() {
    let (_dir, server, admin, alice, _) = shared();
    block_on(async {
        let refused = open(&server, "", &[]).await.unwrap_err();
        assert_eq!(refused.0, 401, "{}", refused.1);
        let bearer = format!("Bearer {admin}");
        let key = ("authorization", bearer.as_str());
        let (status, why) = open(&server, "", &[key, ("origin", "http://evil.example")]).await.unwrap_err();
        assert!(status == 403 && why.contains("another address"), "{status} {why}");
        let own = format!("http://{}", server.address);
        assert!(open(&server, "", &[key, ("origin", &own)]).await.is_ok());
        // A cookie needs the header that only our page can send, and a WebSocket of a page cannot.
        let cookie = cookie(&server, &admin);
        assert_eq!(open(&server, "", &[("cookie", &cookie)]).await.unwrap_err().0, 401);
        assert!(open(&server, "", &[("cookie", &cookie), ("x-tachograph-page", "1")]).await.is_ok());
        let mut socket = open(&server, "?after=0", &[("x-api-key", &alice)]).await.unwrap();
        for _ in 0..9 {
            let told = next(&mut socket).await.unwrap().to_string();
            assert!(told.contains("wisteria") && !told.contains("oleander"), "{told}");
        }
    });
    let plain = server.post_with("/v1/tail/ws", b"", &[]).unwrap();
    assert_eq!(plain.status, 405);
}

#[test]
fn who_is_too_slow_is_sent_away_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    server.post("/log", r#"{"agent_id":"a"}"#);
    block_on(async {
        let mut socket = open(&server, "?after=0", &[]).await.unwrap();
        let long = "lorem ipsum ".repeat(2500);
        let event = format!(r#"{{"agent_id":"a","text":"{long}"}}"#);
        (0..700).for_each(|_| assert_eq!(server.post("/log", &event).status, 200));
        let mut last = 0;
        let (code, reason) = loop {
            match next(&mut socket).await {
                Ok(told) => {
                    assert!(told["index"].as_u64().unwrap() > last);
                    last = told["index"].as_u64().unwrap();
                }
                Err(end) => break end,
            }
        };
        assert_eq!(
            (code, reason.as_str()),
            (1013, format!("too slow: events were missed; come back with after={last}").as_str())
        );
        let mut socket = open(&server, &format!("?after={last}"), &[]).await.unwrap();
        let told = next(&mut socket).await.unwrap();
        assert!(told["index"].as_u64().unwrap() > last, "{told}");
    });
}
