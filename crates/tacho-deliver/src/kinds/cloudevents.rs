//! CloudEvents 1.0 over HTTP, in one JSON document. Delivery: at least once; `id` is the same for each try.

use super::webhook::{body, gone_or};
use super::{Form, Forms, Step, Telling, once};
use crate::call::{Call, Request};
use crate::message::Message;
use crate::outline::moment;
use crate::secret::Secret;
use crate::settings::{HttpConfig, host, need, strict, url};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CloudEvents {
    url: Option<Secret>,
    /// The event's `source`: a URI reference that names this recorder.
    source: Option<String>,
    #[serde(default)]
    http_config: HttpConfig,
}

pub(super) fn read(settings: Map<String, Value>) -> Forms {
    let events: CloudEvents = strict(settings)?;
    events.http_config.check()?;
    url("url", need("url", events.url.as_ref())?)?;
    if events
        .source
        .as_deref()
        .is_some_and(|source| source.is_empty() || source.contains(char::is_whitespace))
    {
        return Err("source: expected a URI reference, such as /tachograph/eu".into());
    }
    Ok(vec![Arc::new(events)])
}

impl Form for CloudEvents {
    fn to(&self) -> String {
        host(self.url.as_ref().map_or("", Secret::expose))
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.url.iter().chain(self.http_config.secrets()).collect()
    }

    fn step(&self, telling: &Telling<'_>) -> Step {
        let call = || {
            let url = self.url.as_ref().map_or("", Secret::expose).trim();
            let body = self.event(telling.message).to_string().into_bytes();
            let request = Request::post(url, "application/cloudevents+json; charset=utf-8", body);
            Call::Http(self.http_config.apply(request))
        };
        once(telling, call, |answer| gone_or(answer, telling.now_us))
    }
}

impl CloudEvents {
    fn event(&self, message: &Message) -> Value {
        json!({
            "specversion": "1.0",
            "id": message.id,
            "source": self.source.as_deref().unwrap_or("/tachograph"),
            "type": format!("io.tachograph.{}", message.kind()),
            "subject": message.thread,
            "time": moment(message.at_us),
            "datacontenttype": "application/json",
            "data": body(message, 0),
        })
    }
}
