//! What Alertmanager's clients ask and bring.

use super::{LABELS_MAX, TEXT_MAX, USUAL_US};
use crate::alerting::Seen;
use crate::http::problem::Problem;
use tacho_alert::notify::{LabelSet, Matcher, Muted, Outside, parse_matchers};
use tacho_event::time::parse;

/// What is asked for: matchers, and which of active, silenced and inhibited alerts.
pub(super) struct Filter {
    matchers: Vec<Matcher>,
    active: bool,
    silenced: bool,
    inhibited: bool,
}

impl Filter {
    pub(super) fn read(query: Option<&str>) -> Result<Filter, Problem> {
        let mut filter = Filter { matchers: Vec::new(), active: true, silenced: true, inhibited: true };
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value)?;
            let flag = value != "false";
            match name {
                "filter" | "filter[]" => {
                    filter.matchers.extend(parse_matchers(&value).map_err(Problem::bad_request)?);
                }
                "active" => filter.active = flag,
                "silenced" => filter.silenced = flag,
                "inhibited" => filter.inhibited = flag,
                _ => {}
            }
        }
        Ok(filter)
    }

    pub(super) fn takes(&self, seen: &Seen) -> bool {
        let wanted = match &seen.muted {
            None => self.active,
            Some(Muted::Silenced(_) | Muted::Maintained(_)) => self.silenced,
            Some(Muted::Inhibited(_)) => self.inhibited,
        };
        wanted && self.matchers.iter().all(|matcher| matcher.matches(seen.raised.labels()))
    }
}

/// A value of a query string as text.
fn decoded(value: &str) -> Result<String, Problem> {
    let bad = || Problem::bad_request(format!("\"{value}\" is no value of a query string"));
    let (mut out, mut bytes) = (Vec::with_capacity(value.len()), value.bytes());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next().ok_or_else(bad)?, bytes.next().ok_or_else(bad)?];
                let digits = std::str::from_utf8(&digits).map_err(|_| bad())?;
                u8::from_str_radix(digits, 16).map_err(|_| bad())?
            }
            other => other,
        });
    }
    String::from_utf8(out).map_err(|_| bad())
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Posted {
    labels: LabelSet,
    #[serde(default)]
    annotations: LabelSet,
    starts_at: Option<String>,
    ends_at: Option<String>,
    #[serde(rename = "generatorURL")]
    generator_url: Option<String>,
}

impl Posted {
    pub(super) fn read(self, now_us: i64) -> Result<Outside, Problem> {
        let Posted { labels, annotations, starts_at, ends_at, generator_url } = self;
        let texts = labels.iter().chain(&annotations).flat_map(|(name, value)| [name, value]);
        if labels.is_empty() || labels.len() + annotations.len() > LABELS_MAX {
            let what =
                format!("an alert has at least one label, and at most {LABELS_MAX} labels and annotations");
            return Err(Problem::bad_request(what));
        }
        if texts.into_iter().chain(&generator_url).any(|text| text.len() > TEXT_MAX) {
            return Err(Problem::bad_request(format!(
                "a label or annotation has more than {TEXT_MAX} bytes"
            )));
        }
        let moment = |name: &str, text: Option<String>| {
            // Go's zero time stands for none.
            let text = text.filter(|text| !text.starts_with("0001-"));
            let parsed = text.map(|text| parse(&text)).transpose();
            parsed.map_err(|error| Problem::bad_request(format!("\"{name}\": {error}")))
        };
        let ends_us = moment("endsAt", ends_at)?;
        let starts_us = moment("startsAt", starts_at)?.or(ends_us).unwrap_or(now_us).min(now_us);
        let labels = labels.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        Ok(Outside {
            labels,
            annotations,
            starts_us,
            expires_us: ends_us.unwrap_or(now_us + USUAL_US),
            url: generator_url,
        })
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostedSilence {
    pub(super) id: Option<String>,
    pub(super) matchers: Vec<PostedMatcher>,
    pub(super) starts_at: String,
    pub(super) ends_at: String,
    pub(super) created_by: String,
    pub(super) comment: String,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostedMatcher {
    pub(super) name: String,
    pub(super) value: String,
    #[serde(default)]
    pub(super) is_regex: bool,
    #[serde(default = "yes")]
    pub(super) is_equal: bool,
}

fn yes() -> bool {
    true
}

impl PostedMatcher {
    pub(super) fn text(&self) -> String {
        let operator = match (self.is_equal, self.is_regex) {
            (true, false) => "=",
            (false, false) => "!=",
            (true, true) => "=~",
            (false, true) => "!~",
        };
        let value = self.value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{}{operator}\"{value}\"", self.name)
    }
}
