//! `alerts send-test`: the real program, and servers that behave as well as badly as servers do.

use crate::server::{tachograph, text};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Output;
use std::sync::{Arc, Mutex};

/// What a path is answered with. `None` hangs up in the middle.
fn answer(path: &str) -> Option<(String, String)> {
    let (head, body) = match path {
        "/ok" | "/v2/enqueue" => ("202 Accepted", r#"{"dedup_key":"k-1"}"#.to_string()),
        "/moved" => ("302 Found\r\nlocation: /stolen", String::new()),
        "/gone" => ("410 Gone", String::new()),
        "/busy" => ("429 Too Many Requests\r\nretry-after: 7", "slow down".into()),
        "/echo-Hush0123" => ("403 Forbidden", "no such hook: /echo-Hush0123".into()),
        "/large" => ("500 Internal Server Error", "x".repeat(2_000_000)),
        _ => return None,
    };
    Some((head.into(), body))
}

/// Keeps the request lines and bodies that came.
struct Vendor {
    port: u16,
    heard: Arc<Mutex<Vec<(String, String)>>>,
}

impl Vendor {
    fn start() -> Vendor {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        std::thread::spawn(move || {
            for peer in listener.incoming() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(&peer.unwrap(), &kept));
            }
        });
        Vendor { port, heard }
    }

    fn heard(&self) -> Vec<(String, String)> {
        self.heard.lock().unwrap().clone()
    }
}

fn serve(peer: &TcpStream, kept: &Mutex<Vec<(String, String)>>) {
    let mut reader = BufReader::new(peer);
    loop {
        let mut head = Vec::new();
        while head.last().is_none_or(|line: &String| line != "\r\n") {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            head.push(line);
        }
        let length = head
            .iter()
            .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.trim().parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        let path = head[0].split(' ').nth(1).unwrap().to_string();
        kept.lock().unwrap().push((head[0].trim().to_string(), String::from_utf8(body).unwrap()));
        let Some((status, body)) = answer(&path) else { return };
        let whole = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        // Whoever has read enough hangs up.
        if (&mut &*peer).write_all(whole.as_bytes()).is_err() {
            return;
        }
    }
}

/// A mail server that knows one mailbox. Each conversation is one text.
fn mail_server() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    std::thread::spawn(move || {
        for peer in listener.incoming() {
            kept.lock().unwrap().push(String::new());
            converse(&peer.unwrap(), &kept);
        }
    });
    (port, heard)
}

fn converse(peer: &TcpStream, kept: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(peer);
    let say = |line: &str| (&mut &*peer).write_all(format!("{line}\r\n").as_bytes()).is_ok();
    say("220 mail.example ready");
    let mut within_mail = false;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        // Before it is answered: whoever has the answer finds what was heard.
        kept.lock().unwrap().last_mut().unwrap().push_str(&line);
        let reply = match line.trim_end() {
            "." if within_mail => "250 2.0.0 queued as 4F",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ if within_mail => continue,
            line if line.starts_with("EHLO") => "250-mail.example\r\n250 AUTH PLAIN",
            line if line.starts_with("AUTH") => "235 welcome",
            line if line.starts_with("RCPT TO:<nobody@") => "550 5.1.1 no such mailbox",
            line if line.starts_with("RCPT TO:<later@") => "451 4.7.1 greylisted",
            _ => "250 OK",
        };
        within_mail = line.trim_end() == "DATA" || (within_mail && line.trim_end() != ".");
        if !say(reply) {
            return;
        }
    }
}

fn send_test(routing: &str, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("routing.yaml");
    std::fs::write(&file, routing).unwrap();
    let mut arguments =
        vec!["alerts", "send-test", "--routing", file.to_str().unwrap(), "--receiver", "oncall"];
    arguments.extend(more);
    tachograph(folder.path(), &arguments, "")
}

fn routing(channels: &str) -> String {
    format!("route: {{receiver: oncall}}\nreceivers:\n  - name: oncall\n{channels}")
}

/// The line of the table about a channel.
#[track_caller]
fn row(output: &str, place: &str) -> String {
    let line =
        output.lines().find(|line| line.contains(place)).unwrap_or_else(|| panic!("{place}: {output}"));
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn nothing_private_is_called_unless_it_is_named() {
    let vendor = Vendor::start();
    let channels = format!(
        "    webhook_configs: [{{url: 'http://127.0.0.1:{0}/ok'}}, {{url: 'http://localhost:{0}/ok'}}, {{url: 'http://[::1]:{0}/ok'}}]\n    \
         email_configs: [{{to: a@x.example, from: b@x.example, smarthost: 'localhost:{0}', require_tls: false}}]\n",
        vendor.port
    );
    let refused = send_test(&routing(&channels), &[]);
    let shown = text(&refused.stdout);
    assert_eq!(refused.status.code(), Some(1), "{shown}");
    assert_eq!(shown.matches("is no public address").count(), 4, "{shown}");
    let how = "receiver \"oncall\", webhook_configs[0]: 127.0.0.1 is no public address; if that is meant, set allow_private = \
               [\"127.0.0.1\"] under [alerts] in config.toml";
    assert!(row(&shown, "webhook_configs[0]").contains(how), "{shown}");
    assert!(!shown.contains("/ok"), "a path may be a secret: {shown}");
    assert!(shown.ends_with("0 of 4 delivered\n"), "{shown}");
    assert_eq!(vendor.heard(), [], "nobody was connected to");

    let one = routing(&format!("    webhook_configs: [{{url: 'http://127.0.0.1:{}/ok'}}]\n", vendor.port));
    for allowed in ["127.0.0.0/8", "127.0.0.1", "*"] {
        let sent = send_test(&one, &["--allow-private", allowed]);
        assert_eq!(sent.status.code(), Some(0), "{allowed}: {}", text(&sent.stdout));
    }
    let other = send_test(&one, &["--allow-private", "10.0.0.0/8"]);
    assert_eq!(other.status.code(), Some(1));
    assert_eq!(vendor.heard().len(), 3);
}

#[test]
fn what_servers_answer_is_told_and_nothing_secret_with_it() {
    let vendor = Vendor::start();
    let paths = ["ok", "moved", "gone", "busy", "echo-Hush0123", "large", "hangs-up"];
    let urls = paths.map(|path| format!("      - url: http://127.0.0.1:{}/{path}\n", vendor.port)).concat();
    let sent = send_test(&routing(&format!("    webhook_configs:\n{urls}")), &["--allow-private"]);
    let shown = text(&sent.stdout);
    let expected = [
        ("[0]", "delivered"),
        ("[1]", "redirects are not followed"),
        ("[2]", "refused: it asks not to be called any more"),
        ("[3]", "would be tried again after 7 s: answered 429: slow down"),
        ("[4]", "refused: answered 403: no such hook: "),
        ("[5]", "would be tried again: answered 500: xxx"),
        ("[6]", "would be tried again: no answer"),
    ];
    for (place, words) in expected {
        assert!(row(&shown, place).contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("Hush0123") && shown.len() < 10_000, "{shown}");
    let heard = vendor.heard();
    assert!(
        heard.iter().all(|(line, _)| line.starts_with("POST /") && !line.contains("stolen")),
        "{heard:?}"
    );
    let body: serde_json::Value = serde_json::from_str(&heard[0].1).unwrap();
    assert_eq!((&body["version"], &body["notification_reason"]), (&"4".into(), &"test".into()));
}

#[test]
fn a_whole_alert_is_one_incident() {
    let vendor = Vendor::start();
    let url = format!("http://127.0.0.1:{}/v2/enqueue", vendor.port);
    let file = routing(&format!("    pagerduty_configs: [{{routing_key: R0123456, url: '{url}'}}]\n"));
    let sent = send_test(&file, &["--episode", "--allow-private"]);
    assert!(
        text(&sent.stdout).contains("delivered (k-1)") && sent.status.success(),
        "{}",
        text(&sent.stdout)
    );
    let events: Vec<serde_json::Value> =
        vendor.heard().iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect();
    let actions: Vec<&str> = events.iter().map(|event| event["event_action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["trigger", "trigger", "trigger", "acknowledge", "resolve"]);
    assert!(events.iter().all(|event| event["dedup_key"] == events[0]["dedup_key"]));
}

#[test]
fn each_person_gets_a_mail_and_an_outcome_of_their_own() {
    let (port, heard) = mail_server();
    let channels = format!(
        "    email_configs: [{{to: 'nobody@x.example, later@x.example, Ops <ops@x.example>', from: log@x.example, \
         smarthost: 'localhost:{port}', require_tls: false, auth_username: log, auth_password: letter-box}}]\n"
    );
    let sent = send_test(&routing(&channels), &["--allow-private", "localhost"]);
    let shown = text(&sent.stdout);
    assert!(row(&shown, "nobody@").contains("refused: the mail server says 550"), "{shown}");
    assert!(row(&shown, "later@").contains("would be tried again: the mail server says 451"), "{shown}");
    assert!(row(&shown, "ops@").contains("delivered (2.0.0 queued as 4F)"), "{shown}");
    let heard = heard.lock().unwrap();
    let mail = heard.iter().find(|said| said.contains("RCPT TO:<ops@x.example>")).unwrap();
    for part in
        ["EHLO x.example\r\n", "AUTH PLAIN ", "MAIL FROM:<log@x.example>", "Subject: TEST: ", "text/html"]
    {
        assert!(mail.contains(part), "{part}: {mail}");
    }
}

#[test]
fn a_mail_server_without_tls_learns_no_password() {
    let (port, heard) = mail_server();
    let channels = format!(
        "    email_configs: [{{to: ops@x.example, from: log@x.example, smarthost: 'localhost:{port}', \
         auth_username: log, auth_password: letter-box}}]\n"
    );
    let sent = send_test(&routing(&channels), &["--allow-private", "localhost"]);
    assert!(
        text(&sent.stdout).contains("refused: ") && text(&sent.stdout).contains("STARTTLS is not supported")
    );
    assert!(heard.lock().unwrap().iter().all(|said| !said.contains("AUTH") && !said.contains("MAIL")));
}

#[test]
fn a_routing_that_can_not_be_used_says_why() {
    let cases = [
        (
            routing("    slack_configs: [{api_ulr: x}]\n"),
            "slack_configs[0]: there is no key \"api_ulr\"; did you mean \"api_url\"?",
        ),
        (
            routing("    slack_configs: [{api_url_env: NOT_SET_ANYWHERE}]\n"),
            "the environment has no variable NOT_SET_ANYWHERE",
        ),
        (routing(""), "receiver \"oncall\" has no channels: it is told on the dashboard only"),
        (
            "route: {receiver: a}\nreceivers: [{name: on-call}]\n".into(),
            "has no receiver \"oncall\"; did you mean \"on-call\"?",
        ),
        ("route: [".into(), "routing.yaml:"),
    ];
    for (file, expected) in cases {
        let done = send_test(&file, &[]);
        let shown = text(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{shown}");
        assert!(shown.contains(expected), "{shown}, expected {expected}");
    }
}

#[test]
fn a_server_that_is_well_beats() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (peer, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(&peer).read_line(&mut line).unwrap();
        drop(sender.send(line));
    });
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[alerts]\nallow_private = [\"127.0.0.1\"]\n[alerts.heartbeat]\nurl = \"http://{address}/ping/secret\"\n"
    );
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    let _server = crate::server::Server::start(folder.path());
    let line = heard.recv_timeout(std::time::Duration::from_secs(30)).expect("a beat within the time");
    assert_eq!(line, "GET /ping/secret HTTP/1.1\r\n");
}
