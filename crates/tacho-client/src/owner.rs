//! Whose folder in the spool it is, and whether that process is still there.

use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

/// Owners that can't be asked whether they live count as dead when nothing changed for so long.
const SILENT: Duration = Duration::from_secs(3600);
/// File systems tell times in steps of up to this.
const SLACK: Duration = Duration::from_secs(2);

/// The first hexadecimal digits of a SHA-256.
pub(crate) fn digest(text: &str, digits: usize) -> String {
    let mut out = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        out.push_str(&format!("{byte:02x}"));
    }
    out.truncate(digits);
    out
}

/// The name of this machine.
pub(crate) fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"));
    let name = name.ok().or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
    name.trim().to_owned()
}

/// Sixteen hexadecimal digits that nobody else has.
pub(crate) fn random() -> String {
    let mut bytes = [0; 8];
    if getrandom::fill(&mut bytes).is_err() {
        // Without randomness the time and the process tell two clients apart.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        bytes = (now.as_nanos() as u64 ^ u64::from(std::process::id()) << 32).to_be_bytes();
    }
    format!("{:016x}", u64::from_be_bytes(bytes))
}

/// A name for a folder of this process.
pub(crate) fn name(random: &str) -> String {
    format!("v1-{}-{}-{random}", digest(&host(), 8), std::process::id())
}

/// When this process began to use the spool: what changed before then is not its own.
fn began() -> SystemTime {
    static BEGAN: OnceLock<SystemTime> = OnceLock::new();
    *BEGAN.get_or_init(SystemTime::now)
}

/// To be called before the first folder is made.
pub(crate) fn begin() {
    began();
}

/// Whether a folder was left by a process that has ended; `changed` is when something in it changed last.
pub(crate) fn is_left(name: &str, changed: SystemTime, now: SystemTime) -> bool {
    let mut parts = name.split('-');
    let (Some("v1"), Some(host_of), Some(pid), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let Some(pid) = pid.parse::<u32>().ok().filter(|pid| *pid > 0) else { return false };
    if host_of != digest(&host(), 8) {
        return now.duration_since(changed).is_ok_and(|silent| silent > SILENT);
    }
    if pid == std::process::id() {
        // In a container that was started again we have the name of the process before us.
        return changed + SLACK < began();
    }
    !is_alive(pid)
}

fn is_alive(pid: u32) -> bool {
    if Path::new("/proc/self").exists() {
        return Path::new("/proc").join(pid.to_string()).exists();
    }
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_left_when_its_process_is_gone() {
        begin();
        let now = SystemTime::now();
        let ours = digest(&host(), 8);
        assert!(is_left(&format!("v1-{ours}-4194999-0123456789abcdef"), now, now));
        assert!(!is_left(&format!("v1-{ours}-1-0123456789abcdef"), now, now));
        assert!(!is_left(&name("0123456789abcdef"), now, now));
        assert!(!is_left(&format!("v2-{ours}-4194999-0123456789abcdef"), now, now));
        assert!(!is_left("v1-aaaaaaaa-4194999-0123456789abcdef", now, now));
        assert!(is_left("v1-aaaaaaaa-4194999-0123456789abcdef", now, now + Duration::from_secs(4000)));
    }

    #[test]
    fn in_a_restarted_container_our_own_number_is_no_sign_of_life() {
        begin();
        let now = SystemTime::now();
        assert!(is_left(&name("0123456789abcdef"), now - Duration::from_secs(3600), now));
    }
}
