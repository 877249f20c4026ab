//! `coverage`: what should have been seen and was not, of a server or a folder at rest.

use super::{Arguments, read};
use serde_json::Value;
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;

/// The range of a report as it is typed.
#[derive(clap::Args)]
pub(super) struct Asks {
    /// How far back: 15m, 24h, 7d. [default: coverage.look_back of the configuration, 24h]
    #[arg(long, value_name = "DURATION", conflicts_with = "from")]
    last: Option<String>,
    /// At or after this time, as senders say it (RFC 3339).
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before this time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Only this agent.
    #[arg(long)]
    agent: Option<String>,
    /// As the server answers it, formulas and evidence in full.
    #[arg(long)]
    json: bool,
}

/// Prints the report; findings are a finding.
pub(super) fn run(arguments: &Arguments, asks: &Asks) -> Result<bool, Box<dyn Error>> {
    let mut path = "/v1/coverage?".to_string();
    for (name, value) in
        [("last", &asks.last), ("from", &asks.from), ("to", &asks.to), ("agent", &asks.agent)]
    {
        if let Some(value) = value {
            write!(path, "{name}={}&", read::segment(value))?;
        }
    }
    let body = arguments.target()?.get(path.trim_end_matches(['&', '?']), "application/json")?.good()?;
    let report: Value = serde_json::from_slice(&body)?;
    let findings = list(&report, "findings");
    let mut out = std::io::stdout().lock();
    if asks.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        writeln!(out, "{}", page(&report)?)?;
    }
    Ok(findings.is_empty())
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn page(report: &Value) -> Result<String, std::fmt::Error> {
    let mut page = String::new();
    figures(report, &mut page)?;
    points(report, &mut page)?;
    findings(report, &mut page)?;
    for cut in list(report, "cut") {
        let since = cut["since"].as_str().map(|since| format!("; nothing before {since} was judged"));
        writeln!(
            page,
            "not everything was read: more than {} {}{}",
            cut["limit"],
            text(cut, "what"),
            since.unwrap_or_default()
        )?;
    }
    if let Some(entries @ 1..) = report["unjoined"].as_u64() {
        writeln!(
            page,
            "the newest {entries} entries are not joined yet: what two of them tell of one call counts twice; ask again"
        )?;
    }
    let (from, to) = (text(report, "from"), text(report, "to"));
    let count = list(report, "findings").len() as u64 + report["findings_more"].as_u64().unwrap_or_default();
    write!(page, "{} from {from} to {to}, of a log of {} entries", plural(count), report["tree_size"])?;
    Ok(page)
}

fn plural(count: u64) -> String {
    match count {
        0 => "no finding".to_owned(),
        1 => "1 finding".to_owned(),
        _ => format!("{count} findings"),
    }
}

fn figures(report: &Value, page: &mut String) -> std::fmt::Result {
    let figures = list(report, "figures");
    if figures.is_empty() {
        return writeln!(page, "no session and no call in this range");
    }
    let of = |figure: &Value, seen: &str, all: &str| match figure[all].as_u64() {
        None | Some(0) => String::new(),
        Some(all) => format!("{} of {all}", figure[seen]),
    };
    let mut table = read::table(&[
        "agent",
        "source",
        "calls",
        "coverage",
        "in its sessions",
        "sessions",
        "numbers",
        "last seen",
    ]);
    for figure in figures {
        let share = figure["calls_share"].as_f64().map(|share| format!("{:.2} %", share * 100.0));
        table.add_row([
            plain(text(figure, "agent")),
            plain(text(figure, "source")),
            of(figure, "calls_seen", "calls_all"),
            share.unwrap_or_default(),
            of(figure, "calls_seen", "calls_in_its_sessions"),
            of(figure, "sessions_seen", "sessions_all"),
            of(figure, "numbers_seen", "numbers_all"),
            text(figure, "last_seen").get(..19).unwrap_or_default().replace('T', " "),
        ]);
    }
    writeln!(page, "{table}")?;
    writeln!(page, "coverage = calls that the source saw / calls that any source saw")
}

fn points(report: &Value, page: &mut String) -> std::fmt::Result {
    let points = list(report, "points");
    if points.is_empty() {
        return Ok(());
    }
    let mut table = read::table(&["audit point", "state", "events", "sources", "last seen"]);
    for point in points {
        let sources: Vec<&str> = list(point, "by_source").iter().map(|seen| text(seen, "source")).collect();
        table.add_row([
            plain(text(point, "point")),
            text(point, "state").replace('_', " "),
            point["events"].to_string(),
            plain(&sources.join(", ")),
            text(point, "last_seen").get(..19).unwrap_or_default().replace('T', " "),
        ]);
    }
    writeln!(page, "{table}")
}

fn findings(report: &Value, page: &mut String) -> std::fmt::Result {
    for finding in list(report, "findings") {
        let (severity, kind) = (text(finding, "severity").to_uppercase(), text(finding, "kind"));
        writeln!(page, "{severity} {kind}: {}", plain(text(finding, "what")))?;
        writeln!(page, "    do: {}", plain(text(finding, "advice")))?;
        let events = list(&finding["evidence"], "events").iter().take(SHOWN);
        let events: Vec<String> = events.map(ToString::to_string).collect();
        if !events.is_empty() {
            writeln!(page, "    see: tachograph show {}", events.join(", "))?;
        }
    }
    match report["findings_more"].as_u64() {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(page, "and {more} findings more: ask for a shorter range or one agent"),
    }
}

/// Events of a finding that are shown; `--json` has more.
const SHOWN: usize = 5;

/// What a sender wrote must not move the cursor or start a line.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c) { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_table_says_what_a_source_saw_in_its_own_sessions() {
        let figure = json!({"agent": "a", "source": "hook", "calls_seen": 37, "calls_all": 100, "calls_share": 0.37,
            "calls_in_its_sessions": 38, "sessions_seen": 2, "sessions_all": 5});
        let mut page = String::new();
        figures(&json!({ "figures": [figure] }), &mut page).unwrap();
        for told in ["37 of 100", "37.00 %", "in its sessions", "37 of 38", "2 of 5"] {
            assert!(page.contains(told), "{told}: {page}");
        }
    }
}
