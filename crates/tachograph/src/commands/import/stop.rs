//! Ctrl-C: the first lets what is on its way be recorded, the second ends the program.

use std::error::Error;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

#[derive(Clone, Default)]
pub(super) struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Listens from now on.
    pub(super) fn listen() -> Result<Stop, Box<dyn Error>> {
        let stop = Stop::default();
        let asked = stop.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("stop".into()).spawn(move || {
            runtime.block_on(async {
                let mut terminate =
                    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                        Ok(terminate) => terminate,
                        Err(_) => return,
                    };
                for is_first in [true, false] {
                    tokio::select! {
                        _ = tokio::signal::ctrl_c() => {}
                        _ = terminate.recv() => {}
                    }
                    if is_first {
                        asked.ask();
                    }
                }
                std::process::exit(130);
            });
        })?;
        Ok(stop)
    }

    pub(super) fn ask(&self) {
        *self.0.0.lock().expect("nothing panics while it holds the flag") = true;
        self.0.1.notify_all();
    }

    pub(super) fn is_asked(&self) -> bool {
        *self.0.0.lock().expect("nothing panics while it holds the flag")
    }

    /// Waits, at most so long. Says whether to go on.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let flag = self.0.0.lock().expect("nothing panics while it holds the flag");
        let waited = self.0.1.wait_timeout_while(flag, time, |asked| !*asked);
        !*waited.expect("nothing panics while it holds the flag").0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_is_woken() {
        let stop = Stop::default();
        let other = stop.clone();
        let waiting = std::thread::spawn(move || other.wait(Duration::from_secs(600)));
        stop.ask();
        assert!(!waiting.join().unwrap() && stop.is_asked());
    }
}
