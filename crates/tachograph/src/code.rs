//! The pages of the program's own code.
//!
//! Most of the code that a start runs (opening the folder, compiling rules, registering functions of SQL) does not run again, but
//! its pages count as resident until somebody else needs the memory. They are given back once, when the server has started: the
//! kernel keeps them with the file, and maps again what is run again, a few at a time and without reading the disk.

use rustix::mm::{Advice, madvise};
use std::error::Error;
use std::fs;
use std::ops::Range;
use std::time::Duration;

const STARTED_AFTER: Duration = Duration::from_secs(2);

pub(crate) async fn give_back_after_start() {
    tokio::time::sleep(STARTED_AFTER).await;
    match give_back() {
        Ok(bytes) => tracing::debug!(bytes, "code that the start needed was given back"),
        Err(error) => tracing::debug!(%error, "code that the start needed stays in memory"),
    }
}

/// Unmaps the program's code from memory, and says how many bytes of addresses that were.
#[expect(unsafe_code, reason = "addresses of the kernel's own list, of a mapping that nobody can write")]
fn give_back() -> Result<usize, Box<dyn Error>> {
    let program = fs::read_link("/proc/self/exe")?;
    let program = program.to_str().ok_or("the program's path is no UTF-8")?;
    let mut bytes = 0;
    for range in fs::read_to_string("/proc/self/maps")?.lines().filter_map(|line| code(line, program)) {
        // SAFETY: a page of code is as it is in the file, so what comes back is what was there. No mapping of the program itself
        // is ever unmapped or changes its place.
        unsafe { madvise(range.start as *mut _, range.len(), Advice::LinuxDontNeed)? };
        bytes += range.len();
    }
    Ok(bytes)
}

/// The addresses, when a line of `/proc/PID/maps` tells of a program's code. Its tables of addresses lie in the same file, but
/// were filled when it was loaded: they may be read, not run.
fn code(line: &str, program: &str) -> Option<Range<usize>> {
    let mut words = line.split_ascii_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    let is_code = words.next()? == "r-xp";
    let path = words.nth(3)?; // behind offset, device and inode
    let end = line.find(path).map(|at| &line[at..])?;
    let range = usize::from_str_radix(from, 16).ok()?..usize::from_str_radix(to, 16).ok()?;
    (is_code && end == program).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_of_the_program_itself_is_given_back() {
        let read = |line| code(line, "/opt/tacho graph");
        assert_eq!(read("55a0-55b0 r-xp 00002000 08:01 77        /opt/tacho graph"), Some(0x55a0..0x55b0));
        for other in [
            "55a0-55b0 r--p 00002000 08:01 77        /opt/tacho graph",
            "55a0-55b0 rwxp 00002000 08:01 77        /opt/tacho graph",
            "55a0-55b0 r-xp 00002000 08:01 77        /usr/lib/libc.so.6",
            "55a0-55b0 r-xp 00002000 08:01 77        /opt/tacho graph (deleted)",
            "55a0-55b0 r-xp 00000000 00:00 0",
            "55a0-55b0 r-xp 00000000 00:00 0         [vdso]",
            "",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn what_was_given_back_runs_again() {
        let bytes = give_back().unwrap();
        assert!(bytes > 1 << 20, "{bytes}");
        assert!(give_back().unwrap() == bytes);
    }
}
