//! From a handler to the recorder.

use super::App;
use super::problem::Problem;
use std::sync::atomic;
use tacho_event::record::Batch;
use tacho_record::Receipt;

impl App {
    /// Whether so much waits for the rules or the store writer that those who send should give way.
    pub(super) fn is_behind(&self) -> bool {
        self.alerting().is_some_and(|alerting| alerting.is_behind())
            || self.node.store().hot_bytes() > self.node.hot_limit_bytes() / 2 * 3
    }

    /// Records batches; returns when they are durable.
    pub(super) async fn record(&self, batches: Vec<Batch>) -> Result<Vec<Receipt>, Problem> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let submitted = self.node.submit(batches, Box::new(move |receipts| drop(answer.send(receipts))));
        let recorded = match submitted {
            Ok(()) => match answered.await {
                Ok(Ok(receipts)) => Ok(receipts),
                Ok(Err(error)) => Err(Problem::from(error.as_ref())),
                Err(_) => Err(Problem::internal("the recorder went away before it answered")),
            },
            Err(full) => Err(full.into()),
        };
        self.note(recorded.as_ref().err());
        recorded
    }

    /// Keeps what recording last failed with, and tells the log when that changes.
    fn note(&self, problem: Option<&Problem>) {
        if problem.is_some() {
            self.metrics.refused.fetch_add(1, atomic::Ordering::Relaxed);
        }
        let new = problem.map(|problem| format!("{}: {}", problem.title, problem.detail));
        let mut failing = self.failing.lock();
        match (&*failing, &new) {
            (None, Some(why)) => tracing::error!("recording fails: {why}"),
            (Some(_), None) => tracing::info!("recording works again"),
            _ => {}
        }
        *failing = new;
    }
}
