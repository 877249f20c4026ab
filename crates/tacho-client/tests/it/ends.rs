//! The end of a process in which a client is still alive. The test runs itself as that process.

use crate::server::{LONG, client, start};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use tacho_client::{Client, Event, TachoLayer};
use tracing_subscriber::prelude::*;

const HOW: &str = "TACHO_CLIENT_ENDS";
const URL: &str = "TACHO_CLIENT_ENDS_AT";
const SPOOL: &str = "TACHO_CLIENT_ENDS_SPOOL";
const SAYS: usize = 20;

/// Ends as `how` says, some microseconds after its last event.
fn ends(how: &str) {
    static KEPT: OnceLock<Client> = OnceLock::new();
    let client = client(&std::env::var(URL).unwrap(), Path::new(&std::env::var(SPOOL).unwrap()));
    let say = |client: &Client| (0..SAYS).for_each(|_| drop(client.record(Event::action("step"))));
    match how {
        "static" => say(KEPT.get_or_init(|| client)),
        "exit" => {
            say(&client);
            std::process::exit(0);
        }
        "thread" => {
            say(&client);
            std::thread::spawn(move || {
                let _kept = client;
                std::thread::park();
            });
        }
        "subscriber" => {
            tracing_subscriber::registry().with(TachoLayer::new(client)).init();
            (0..SAYS).for_each(|step| tracing::info!(step, "step"));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn what_waits_is_sent_when_the_process_ends_and_a_client_is_alive() {
    if let Ok(how) = std::env::var(HOW) {
        return ends(&how);
    }
    for how in ["static", "exit", "thread", "subscriber"] {
        let folder = tempfile::tempdir().unwrap();
        let (url, requests) = start();
        let name = "ends::what_waits_is_sent_when_the_process_ends_and_a_client_is_alive";
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", name, "--nocapture"]).env(HOW, how).env(URL, url).env(SPOOL, folder.path());
        let ended = program.output().unwrap();
        assert!(ended.status.success(), "{how}: {ended:?}");
        let mut sent = 0;
        while sent < SAYS {
            sent += requests.recv_timeout(LONG).unwrap_or_else(|_| panic!("{how}: {sent} events")).len();
        }
        assert_eq!(sent, SAYS, "{how}");
    }
}
