//! Runs one program: without a shell, without the server's environment, for a limited time, with limited output.
//!
//! Invariants
//! - What an agent wrote reaches the program on standard input only, as JSON; never as an argument, name or variable.
//! - When this returns the program has ended, and what it started in its own process group with it.

use super::config::{Program, check};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tacho_alert::respond::{Outcome, Standing};

/// Of each, standard output and standard error, so much is kept, bytes; what is behind it is read and counted.
const OUTPUT_BYTES_MAX: usize = 16 << 10;
/// How often is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(10);
/// Behind its end its output may come so much later.
const LATE: Duration = Duration::from_secs(1);
/// What it finds in its environment, and nothing else.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a program wrote.
#[derive(Debug, Default, Clone)]
struct Written {
    text: Vec<u8>,
    left_out: u64,
}

/// Runs a program with a text on its standard input. `stop` ends it early.
pub(super) fn run(program: &Program, input: &str, stop: &dyn Fn() -> bool) -> Outcome {
    let fail = |what: String| Outcome { standing: Standing::Failed, what, result: json!({}) };
    if let Err(why) = check(&program.path) {
        return fail(why);
    }
    let spawned = Command::new(&program.path)
        .args(&program.arguments)
        .env_clear()
        .env("PATH", PATH)
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return fail(format!("{} can't be run: {error}", program.path.display())),
    };
    let (out, err) = (gather(child.stdout.take()), gather(child.stderr.take()));
    feed(&mut child, input);
    let began = Instant::now();
    let ended = wait(&mut child, began + program.timeout, stop);
    let took = began.elapsed();
    // What it left behind ends too, so that nothing goes on that nobody knows of.
    end(&child);
    let (out, err) = (taken(&out), taken(&err));
    let result = json!({
        "program": program.path.display().to_string(), "milliseconds": took.as_millis() as u64,
        "exit_code": ended.as_ref().ok().and_then(ExitStatus::code),
        "signal": ended.as_ref().ok().and_then(ExitStatusExt::signal),
        "output": shown(&out), "errors": shown(&err), "output_left_out": out.left_out, "errors_left_out": err.left_out,
    });
    let (standing, what) = match ended {
        Ok(status) if status.success() => {
            (Standing::Succeeded, last_line(&out).unwrap_or_else(|| "ended with 0".into()))
        }
        Ok(status) => {
            let how = match (status.code(), status.signal()) {
                (Some(code), _) => format!("ended with {code}"),
                (None, signal) => format!("was ended by signal {}", signal.unwrap_or_default()),
            };
            let said = last_line(&err).map_or_else(String::new, |said| format!(": {said}"));
            (Standing::Failed, how + &said)
        }
        Err(Ended::Late) => {
            (Standing::TimedOut, format!("was ended after {} s", program.timeout.as_secs_f64()))
        }
        Err(Ended::Stopped) => (Standing::Failed, "was ended because the server stops".into()),
        Err(Ended::Lost(why)) => (Standing::Failed, why),
    };
    Outcome { standing, what, result }
}

/// Why a program did not end by itself.
enum Ended {
    Late,
    Stopped,
    Lost(String),
}

fn wait(child: &mut Child, until: Instant, stop: &dyn Fn() -> bool) -> Result<ExitStatus, Ended> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => {}
            Err(error) => return Err(Ended::Lost(format!("nobody knows how it ended: {error}"))),
        }
        let why = if Instant::now() >= until {
            Ended::Late
        } else if stop() {
            Ended::Stopped
        } else {
            std::thread::sleep(LOOK);
            continue;
        };
        end(child);
        // SIGKILL: it ends.
        return child.wait().map_or_else(|error| Err(Ended::Lost(error.to_string())), |_| Err(why));
    }
}

/// Ends the program's process group. One that has ended already is no fault.
fn end(child: &Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _has_ended_already = kill_process_group(group, Signal::KILL);
    }
}

/// Writes in a thread of its own: a program that does not read must not hold anybody up.
fn feed(child: &mut Child, input: &str) {
    let Some(mut stdin) = child.stdin.take() else { return };
    let input = input.to_string();
    std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
}

/// Reads in a thread of its own: a full pipe must not hold the program up.
fn gather(from: Option<impl Read + Send + 'static>) -> Receiver<Written> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut written = Written::default();
        let mut buffer = [0; 8192];
        let mut from = from;
        while let Some(Ok(count @ 1..)) = from.as_mut().map(|from| from.read(&mut buffer)) {
            let room = (OUTPUT_BYTES_MAX - written.text.len()).min(count);
            written.text.extend_from_slice(&buffer[..room]);
            written.left_out += (count - room) as u64;
        }
        drop(sender.send(written));
    });
    receiver
}

/// What was written. Who has left the process group may keep the pipe open: that is not waited for.
fn taken(from: &Receiver<Written>) -> Written {
    from.recv_timeout(LATE).unwrap_or_default()
}

fn shown(written: &Written) -> String {
    String::from_utf8_lossy(&written.text).into_owned()
}

fn last_line(written: &Written) -> Option<String> {
    let text = shown(written);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().filter(|c| !c.is_control()).take(200).collect())
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
