//! `doctor`: says what is wrong and what to do, in the order of how much it matters.

use super::Arguments;
use crate::folder::{Keys, master_path};
use crate::target::Target;
use std::error::Error;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Free space below which a warning is due, bytes.
const SPACE_LOW: u64 = 2 << 30;
/// Entries that may wait for a checkpoint before something is wrong.
const UNSEALED_MANY: u64 = 1_000_000;

#[derive(Default)]
struct Report {
    bad: u32,
}

impl Report {
    fn good(&mut self, what: impl std::fmt::Display) {
        println!("  ok    {what}");
    }

    fn note(&mut self, what: impl std::fmt::Display) {
        println!("  note  {what}");
    }

    fn bad(&mut self, what: impl std::fmt::Display, cure: &str) {
        self.bad += 1;
        println!("  BAD   {what}\n        {cure}");
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    let mut report = Report::default();
    let data = arguments.data.as_path();
    if data.exists() {
        println!("folder {}", data.display());
        space(data, &mut report)?;
        secrets(data, &mut report);
    }
    match arguments.target() {
        Err(error) => report.bad(error, "start a server (tachograph serve), or name one with --server"),
        Ok(target) => {
            println!("{}", if target.client().is_some() { "server" } else { "folder at rest" });
            ask(&target, &mut report)?;
        }
    }
    println!(
        "{}",
        if report.bad == 0 { "all is well".to_string() } else { format!("{} to mend", report.bad) }
    );
    Ok(report.bad == 0)
}

fn space(data: &Path, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let disk = rustix::fs::statvfs(data)?;
    let free = disk.f_bavail * disk.f_frsize;
    let gigabytes = free as f64 / 1e9;
    if free < SPACE_LOW {
        let cure =
            "free space or move the folder: a full disk refuses events (507) until there is space again";
        report.bad(format!("{gigabytes:.1} GB are free"), cure);
    } else {
        report.good(format!("{gigabytes:.1} GB are free"));
    }
    Ok(())
}

fn secrets(data: &Path, report: &mut Report) {
    match Keys::read(data) {
        Ok(_) => report.good("the log's keys are readable"),
        Err(error) => {
            report.bad(error, "restore keyring/ from its backup: without it nothing new can be signed")
        }
    }
    let master = master_path(data);
    let Ok(found) = std::fs::metadata(&master) else { return };
    if found.permissions().mode() & 0o077 != 0 {
        let cure = format!("chmod 600 {}", master.display());
        report.bad(format!("{} can be read by others", master.display()), &cure);
    }
    if master.starts_with(data) {
        report.note(
            "the master key lies beside what it wraps: TACHOGRAPH_MASTER_KEY names one that lies elsewhere",
        );
    }
    if !data.join("config.toml").exists() {
        report.note("no config.toml: the defaults apply (docs/guide/configuration.md)");
    }
}

/// Health, seal lag and the slowest queries, by the server's own answers.
fn ask(target: &Target, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let health: serde_json::Value = serde_json::from_slice(&target.get("/health", "application/json")?.body)?;
    let number = |name: &str| health[name].as_u64().unwrap_or_default();
    match health["status"].as_str() {
        Some("ok") => {
            report.good(format!("recording; {} entries, {} sealed", number("size"), number("sealed")))
        }
        Some(status) => {
            let faults = health["faults"].as_array().map(Vec::as_slice).unwrap_or_default();
            let faults: Vec<&str> = faults.iter().filter_map(|fault| fault.as_str()).collect();
            let cure = match status {
                "stopped" => "restart the server: it reads back what the disk holds and goes on from there",
                _ => "what failed is tried again every second; look at space and permissions",
            };
            report.bad(format!("{status}: {}", faults.join("; ")), cure);
        }
        None => report.bad("no answer of /health is understood", "is this a tachograph server?"),
    }
    if number("size").saturating_sub(number("sealed")) > UNSEALED_MANY {
        let cure = "the machine is overloaded, or the log/ folder is slow: look at its disk";
        report.bad(format!("{} entries wait for a checkpoint", number("size") - number("sealed")), cure);
    }
    let silent = "SELECT agent_id FROM agents WHERE expected AND (last_seen IS NULL OR last_seen < now() - INTERVAL '1 day')";
    let answer = target.post("/v1/sql", "application/x-ndjson", silent.as_bytes())?;
    if answer.status == 200 {
        for line in String::from_utf8_lossy(&answer.body).lines() {
            report.bad(
                format!("expected agent not seen for a day: {line}"),
                "is it running, and does it send here?",
            );
        }
    }
    let slow: serde_json::Value =
        serde_json::from_slice(&target.get("/v1/queries", "application/json")?.body).unwrap_or_default();
    for query in slow["slowest"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let milliseconds = query["milliseconds"].as_u64().unwrap_or_default();
        report
            .note(format!("slow query, {milliseconds} ms: {}", query["query"].as_str().unwrap_or_default()));
    }
    Ok(())
}
