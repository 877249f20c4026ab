//! The program in a folder of its own.

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use tempfile::TempDir;

pub(crate) struct Program {
    pub(crate) home: TempDir,
    url: String,
}

impl Program {
    pub(crate) fn new(url: &str) -> Program {
        Program { home: tempfile::tempdir().unwrap(), url: url.to_owned() }
    }

    /// A command in an environment that holds nothing of ours. The sender ends as soon as it has nothing to do.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agent-audit-log"));
        command.args(args).env_clear().current_dir(self.home.path());
        command.env("HOME", self.home.path()).env("AUDIT_LOG_URL", &self.url).env("USER", "ann");
        command.env("AUDIT_LOG_LINGER_S", "0").env("AUDIT_LOG_KEY", "tgk_1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn start(&self, args: &[&str], input: &[u8]) -> Child {
        let mut child = spawn(&mut self.command(args));
        child.stdin.take().unwrap().write_all(input).unwrap();
        child
    }

    pub(crate) fn run(&self, args: &[&str], input: &[u8]) -> Output {
        self.start(args, input).wait_with_output().unwrap()
    }

    /// Runs the hook, which must say nothing and end with 0.
    #[track_caller]
    pub(crate) fn hook(&self, input: &[u8]) {
        quiet(&self.run(&["hook", "claude"], input));
    }

    /// The folder of the only spool.
    pub(crate) fn spool(&self) -> PathBuf {
        let spools = self.home.path().join(".local/state/tachograph/hook");
        std::fs::read_dir(spools).unwrap().next().unwrap().unwrap().path()
    }

    /// Waits until no sender holds the lock. A sender that lost an answer, because the machine stood still for longer
    /// than it waits for one, asks again: `answer` is for that.
    pub(crate) fn wait_for_sender(&self, mut answer: impl FnMut()) {
        let file = std::fs::OpenOptions::new().write(true).open(self.spool().join("sender.lock")).unwrap();
        while !is_free(&file) {
            answer();
            std::thread::yield_now();
        }
    }

    /// Ends the sender as the kernel does when memory is short.
    pub(crate) fn kill_sender(&self) {
        assert!(kill_sender_of(&self.spool()), "a sender runs");
        self.wait_for_sender(|| {});
    }

    pub(crate) fn flush(&self) -> Output {
        self.run(&["flush", "--seconds", "20"], b"")
    }
}

/// A child that is being made holds every open file for a moment, and so a lock that a test looks at: never both.
static SPAWNING: Mutex<()> = Mutex::new(());

fn is_free(lock: &File) -> bool {
    let _held = SPAWNING.lock();
    lock.try_lock().is_ok_and(|()| lock.unlock().is_ok())
}

pub(crate) fn spawn(command: &mut Command) -> Child {
    let _held = SPAWNING.lock();
    command.spawn().unwrap()
}

/// Kills the process whose standard input is the spool's `sender.lock`, if there is one. The id in that file may be
/// that of an earlier sender, and somebody else's by now: the process is held by a descriptor before it is looked at,
/// so what is killed is what was looked at.
pub(crate) fn kill_sender_of(spool: &Path) -> bool {
    let lock = spool.join("sender.lock");
    let pid = std::fs::read_to_string(&lock).unwrap_or_default();
    let Some(pid) = pid.trim().parse().ok().filter(|pid| *pid > 0).and_then(Pid::from_raw) else {
        return false;
    };
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return false };
    let input = std::fs::read_link(format!("/proc/{}/fd/0", pid.as_raw_nonzero()));
    input.is_ok_and(|input| input == lock.canonicalize().unwrap())
        && pidfd_send_signal(process, Signal::KILL).is_ok()
}

impl Drop for Program {
    fn drop(&mut self) {
        let spools = self.home.path().join(".local/state/tachograph/hook");
        for spool in std::fs::read_dir(spools).into_iter().flatten().flatten() {
            let lock = spool.path().join("sender.lock");
            let Ok(file) = std::fs::OpenOptions::new().write(true).open(&lock) else { continue };
            while file.try_lock().is_err() {
                kill_sender_of(&spool.path());
                std::thread::yield_now();
            }
        }
    }
}

#[track_caller]
pub(crate) fn quiet(output: &Output) {
    assert!(output.status.success(), "{output:?}");
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b""[..], &b""[..]));
}
