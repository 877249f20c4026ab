//! A real Alertmanager, which groups and sends by its own settings: `POST /api/v2/alerts`.
//!
//! Delivery: at least once; alerts are the same by their labels. One that is not told again ends there after `hold`.

use super::{Form, Forms, Step, Telling, once};
use crate::LabelSet;
use crate::call::{Call, Request};
use crate::message::{Message, Notice};
use crate::outline::moment;
use crate::secret::Secret;
use crate::settings::{HttpConfig, host, need, strict, url};
use crate::verdict::by_status;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tacho_alert::Span;

/// Longer than the default `repeat_interval` of four hours.
const HOLD_US: i64 = 5 * 3_600_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Alertmanager {
    /// Its address, without a path: `http://alertmanager:9093`.
    url: Option<Secret>,
    /// How long an alert goes on there without being told again; longer than `repeat_interval`. 5h unless given.
    hold: Option<Span>,
    #[serde(default)]
    http_config: HttpConfig,
}

pub(super) fn read(settings: Map<String, Value>) -> Forms {
    let mut peer: Alertmanager = strict(settings)?;
    peer.http_config.check()?;
    let base = url("url", need("url", peer.url.as_ref())?)?;
    if base.ends_with("/api/v2/alerts") {
        return Err("url: expected the address without /api/v2/alerts".into());
    }
    peer.url = Some(Secret::new(base));
    Ok(vec![Arc::new(peer)])
}

impl Form for Alertmanager {
    fn to(&self) -> String {
        host(self.url.as_ref().map_or("", Secret::expose))
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.http_config.secrets()
    }

    fn wants(&self, notice: Notice) -> bool {
        !matches!(notice, Notice::Acknowledged | Notice::Digest)
    }

    fn step(&self, telling: &Telling<'_>) -> Step {
        let call = || {
            let base = self.url.as_ref().map_or("", Secret::expose);
            let request = Request::json(format!("{base}/api/v2/alerts"), &self.alerts(telling.message));
            Call::Http(self.http_config.apply(request))
        };
        once(telling, call, |answer| by_status(answer, telling.now_us))
    }
}

impl Alertmanager {
    fn alerts(&self, message: &Message) -> Value {
        let hold_us = self.hold.map_or(HOLD_US, |span| span.0);
        let alerts = message.alerts.iter().map(|told| {
            let ends_us = told.ends_us.unwrap_or_else(|| message.at_us.saturating_add(hold_us));
            let mut alert = json!({
                "labels": named(&told.labels),
                "annotations": named(&told.annotated()),
                "startsAt": moment(told.starts_us),
                "endsAt": moment(ends_us),
            });
            if let Some(url) = &told.url {
                alert["generatorURL"] = json!(url);
            }
            alert
        });
        alerts.collect()
    }
}

/// Names as Alertmanager takes them: letters, digits and underscores. Empty values say nothing there.
fn named(labels: &LabelSet) -> LabelSet {
    let name = |name: &str| -> String {
        let whole: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        if whole.starts_with(|c: char| c.is_ascii_digit()) { format!("_{whole}") } else { whole }
    };
    let filled = labels.iter().filter(|(key, value)| !key.is_empty() && !value.is_empty());
    filled.map(|(key, value)| (name(key), value.clone())).collect()
}
