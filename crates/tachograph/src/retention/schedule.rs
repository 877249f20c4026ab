//! Runs by themselves.

use super::{Schedule, expiry};
use crate::http::App;
use std::sync::Arc;
use std::time::Duration;

/// Ends what waits, soon after the start, and takes out what is too old, day by day.
pub(crate) async fn watch(app: Arc<App>, schedule: Schedule) {
    if schedule.every_hours == 0 {
        return;
    }
    let mut wait = Duration::from_secs(schedule.first_after_seconds);
    loop {
        tokio::time::sleep(wait).await;
        wait = Duration::from_secs(schedule.every_hours.saturating_mul(3600));
        let run = Arc::clone(&app);
        let run = move || expiry::run(&run.node, run.node.now_us()).map_err(|error| error.to_string());
        match tokio::task::spawn_blocking(run).await {
            Ok(Ok(run)) => tracing::info!(
                erasures = run.erasures,
                expired = run.expired.len(),
                kept = run.kept.len(),
                entries = run.entries,
                "what was too old is gone"
            ),
            Ok(Err(error)) => {
                tracing::error!(%error, "retention failed; it is tried again with the next run")
            }
            Err(error) => tracing::error!(%error, "a run of retention ended early"),
        }
    }
}
