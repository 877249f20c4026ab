//! The hook itself: standard input to the spool, in a few milliseconds, and never a word to the agent but that it is
//! stopped, where its operator switched that on.

use crate::debug;
use crate::deliver::run;
use crate::enforce;
use crate::payload::{INPUT_BYTES_MAX, Members};
use crate::session_file;
use crate::settings::{self, Settings};
use crate::spool::{Appended, Spool};
use crate::stamp::{Source, Stamp, Telling};
use std::io::{self, Read};
use tacho_event::id::Id;
use tacho_redact::{Findings, Redactor};

/// Behind [`INPUT_BYTES_MAX`], so much more is read and thrown away: an agent that can't write to its hook's standard
/// input may take that for a failure.
const DISCARDED_BYTES_MAX: u64 = 256 << 20;

/// What a hook's run was about.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The agent that it was installed for.
    pub source: Option<Source>,
    /// The event, where it is an argument and not on standard input.
    pub event: Option<String>,
    /// How the line that ran it names the program.
    pub program: String,
}

/// Records one event. Whatever goes wrong, the caller ends with 0. `say` hears what the agent is to be told, before the
/// event is written: nothing, unless the operator switched the stop list on and the agent is on it.
///
/// # Errors
/// Why the event is not on disk.
pub fn run(told: &Told, say: &dyn Fn(&str)) -> Result<Appended, String> {
    let get = |name: &str| std::env::var(name).ok();
    let (text, size) = match &told.event {
        Some(event) => (event.clone(), event.len() as u64),
        None => input(io::stdin().lock()).map_err(|error| format!("standard input: {error}"))?,
    };
    let settings = Settings::read(&get)?;
    let now_us = run::now_us();
    let stamp = stamp(&settings, told.source, now_us, &get)?;
    let Prepared { mut members, session, text } =
        prepare(&text, size, stamp, &|members| session_file::told(told.source, members));
    let verdict = enforce::look(&settings, told.source, &members);
    if let Some(words) = verdict.words(told.source, &members) {
        say(&words);
    }
    verdict.note(&mut members);
    let telling = told.source.map(|source| {
        let text_of = |text: &Option<String>| text.clone().unwrap_or_default();
        let verdict = format!("{verdict:?}");
        let parts = [&text, source.name(), &verdict, &text_of(&settings.agent), &text_of(&session)];
        Telling::new(&told.program, &parts, now_us)
    });
    let spool = Spool::open(&settings.spool(), settings.spool_bytes_max)
        .map_err(|error| format!("{}: {error}", settings.spool().display()))?;
    let appended = spool.append_within(
        settings.lock_wait,
        session.as_deref(),
        now_us,
        &mut |state| {
            // Without the session's state the event has no number, and no call of another event.
            if let Some(state) = state {
                if telling.clone().is_some_and(|telling| state.is_again(telling)) {
                    return None;
                }
                state.follow(&mut members);
            }
            Some(members.line())
        },
        &mut || {
            if let Err(error) = run::start(&spool) {
                debug::say(format_args!("no sender could be started: {error}"));
            }
        },
    );
    appended.map_err(|error| format!("{}: {error}", spool.folder().display()))
}

/// An event that needs only its session's state, and the text that it came as, without its secrets.
struct Prepared {
    members: Members,
    session: Option<String>,
    text: String,
}

/// Redacts, reads, looks up what else is known, bounds and stamps: everything that needs no lock.
fn prepare(
    text: &str,
    size: u64,
    mut stamp: Stamp,
    look_up: &dyn Fn(&Members) -> session_file::Told,
) -> Prepared {
    let redactor = Redactor::once();
    let mut found = Findings::default();
    let clean = redactor.json(text, &mut found);
    let mut members = Members::read(&clean);
    for (name, json) in look_up(&members) {
        if !members.has(&[name]) {
            members.set(name, redactor.json(&json, &mut found).into_owned());
        }
    }
    stamp.redactions = found.total();
    stamp.sensitive = found.has_secret();
    members.fit();
    if size > text.len() as u64 {
        members.set("hook_unread_bytes", (size - text.len() as u64).to_string());
    }
    let session = stamp.session_of(&members);
    stamp.put(&mut members);
    Prepared { members, session, text: clean.into_owned() }
}

fn stamp(
    settings: &Settings,
    source: Option<Source>,
    now_us: i64,
    get: &dyn Fn(&str) -> Option<String>,
) -> Result<Stamp, String> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(|error| format!("no random bytes: {error}"))?;
    Ok(Stamp {
        event_id: Id::v7((now_us / 1000).max(0).cast_unsigned(), random).text(),
        now_us,
        user: get("USER").or_else(|| get("LOGNAME")).or_else(|| settings::user().map(|(name, _)| name)),
        host: settings::host(get),
        agent: settings.agent.clone(),
        session: settings.session.clone(),
        source: source.map(Source::name),
        ..Stamp::default()
    })
}

/// Standard input as text, and how long it was.
fn input(mut from: impl Read) -> io::Result<(String, u64)> {
    let mut bytes = Vec::with_capacity(16 << 10);
    from.by_ref().take(INPUT_BYTES_MAX as u64).read_to_end(&mut bytes)?;
    let more = if bytes.len() == INPUT_BYTES_MAX {
        io::copy(&mut from.take(DISCARDED_BYTES_MAX), &mut io::sink())?
    } else {
        0
    };
    let size = bytes.len() as u64 + more;
    let text =
        String::from_utf8(bytes).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned());
    // A replaced byte is longer than it was: what is unread is counted from the text's own length.
    Ok((text, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> serde_json::Value {
        let stamp = Stamp { now_us: 1_795_219_200_000_000, event_id: "e".into(), ..Stamp::default() };
        let members = prepare(text, text.len() as u64, stamp, &|_| Vec::new()).members;
        serde_json::from_slice(&members.line()).unwrap()
    }

    #[test]
    fn secrets_are_taken_out_and_told() {
        let value =
            prepared(r#"{"hook_event_name":"PreToolUse","tool_input":{"command":"x","password":"hunter2"}}"#);
        assert_eq!(value["tool_input"]["password"], "[REDACTED]");
        assert_eq!(
            (value["hook_redactions"].as_u64(), value["sensitive_data_accessed"].as_bool()),
            (Some(1), Some(true))
        );
        assert!(prepared(r#"{"a":"harmless"}"#)["hook_redactions"].is_null());
    }

    #[test]
    fn the_redactor_for_one_text_finds_what_the_servers_does() {
        let (once, servers) = (Redactor::once(), Redactor::new(&tacho_redact::Policy::default()).unwrap());
        let token = ["gl", "pat-", "x1y2z3a4b5c6d7e8f9g0"].concat();
        for text in [
            r#"{"command":"deploy --password=hunter2 token=abc"}"#.to_owned(),
            format!(r#"{{"output":"use {token} or ann@example.com, 4111 1111 1111 1111"}}"#),
            r#"{"api_key":"k-123456","nested":"{\"secret\":\"s\"}"}"#.to_owned(),
            "api_key=123 and secret:456 in plain text".to_owned(),
            r#"{"harmless":"nothing here"}"#.to_owned(),
        ] {
            let (mut one, mut other) = (Findings::default(), Findings::default());
            assert_eq!(once.json(&text, &mut one), servers.json(&text, &mut other), "{text}");
            assert_eq!(one.total(), other.total(), "{text}");
        }
    }

    #[test]
    fn a_broken_input_is_redacted_too() {
        let value = prepared(r#"{"tool_input":{"password":"hunter2","#);
        assert!(!value.to_string().contains("hunter2"), "{value}");
    }

    #[test]
    fn a_huge_input_is_read_up_to_its_bound_and_the_rest_counted() {
        let text = format!(r#"{{"session_id":"s","tool_response":"{}"}}"#, "x".repeat(INPUT_BYTES_MAX));
        let (read, size) = input(text.as_bytes()).unwrap();
        assert_eq!((read.len(), size), (INPUT_BYTES_MAX, text.len() as u64));
        let Prepared { members, session, .. } = prepare(&read, size, Stamp::default(), &|_| Vec::new());
        let line = members.line();
        assert!(line.len() < 100_000 && session.as_deref() == Some("s"), "{}", line.len());
        assert!(String::from_utf8(line).unwrap().contains("hook_unread_bytes"));
    }

    #[test]
    fn bytes_that_are_no_text_are_read_as_far_as_they_are() {
        let (read, _) = input(&b"{\"a\":\"\xff\"}"[..]).unwrap();
        assert_eq!(Members::read(&read).text("a").as_deref(), Some("\u{fffd}"));
    }
}
