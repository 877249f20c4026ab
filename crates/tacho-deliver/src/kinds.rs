//! The kinds of channels: one line for each. What reads settings, lists kinds or documents them derives from here.

mod alertmanager;
mod cloudevents;
mod dashboard;
mod email;
mod jira;
mod msteams;
mod opsgenie;
mod pagerduty;
mod slack;
mod standard_webhook;
mod telegram;
mod twilio;
mod webhook;

pub(crate) use standard_webhook::{StandardWebhook, webhook};

use crate::bucket::Limit;
use crate::call::{Answer, Call};
use crate::message::{Message, Notice};
use crate::secret::Secret;
use crate::verdict::Verdict;
use serde_json::{Map, Value};
use std::fmt::Debug;
use std::sync::Arc;

/// The channels of one entry, or why there are none.
type Forms = Result<Vec<Arc<dyn Form>>, String>;

/// A kind of channel.
pub struct Kind {
    /// The key of a receiver that lists channels of this kind: Alertmanager's name where it has one.
    pub key: &'static str,
    /// What it is called in lists and messages.
    pub name: &'static str,
    /// Settings of `global` that stand in where a channel has none: (`global` key, the channel's key).
    pub(crate) global: &'static [(&'static str, &'static str)],
    /// How fast it may be told where nobody says otherwise: below what the vendor takes, and what people can read.
    pub(crate) limit: Limit,
    /// Reads one channel's settings; several where it names several people, so that each has a delivery of its own.
    pub(crate) read: fn(Map<String, Value>) -> Forms,
}

const SMTP: &[(&str, &str)] = &[
    ("smtp_from", "from"),
    ("smtp_smarthost", "smarthost"),
    ("smtp_hello", "hello"),
    ("smtp_auth_username", "auth_username"),
    ("smtp_auth_password", "auth_password"),
    ("smtp_require_tls", "require_tls"),
    ("smtp_tls_config", "tls_config"),
];
const SLACK: &[(&str, &str)] =
    &[("slack_api_url", "api_url"), ("slack_app_token", "app_token"), ("slack_app_url", "app_url")];
const PAGERDUTY: &[(&str, &str)] = &[("pagerduty_url", "url")];
const OPSGENIE: &[(&str, &str)] = &[("opsgenie_api_url", "api_url"), ("opsgenie_api_key", "api_key")];
const JSM: &[(&str, &str)] = &[("jsm_api_url", "api_url"), ("jsm_api_key", "api_key")];
const TELEGRAM: &[(&str, &str)] = &[("telegram_api_url", "api_url"), ("telegram_bot_token", "bot_token")];
const TWILIO: &[(&str, &str)] = &[
    ("twilio_account_sid", "account_sid"),
    ("twilio_auth_token", "auth_token"),
    ("twilio_api_url", "api_url"),
    ("twilio_from", "from"),
];
const JIRA: &[(&str, &str)] = &[("jira_api_url", "api_url")];

/// One a second is what Slack takes; a person reads less.
const SLOW: Limit = Limit { per_minute: 60, burst: 20 };
/// Groups of Telegram take 20 messages a minute.
const CHAT: Limit = Limit { per_minute: 20, burst: 10 };
const MAIL: Limit = Limit { per_minute: 30, burst: 20 };
/// They keep one state for each alert, so nothing is put together: what waits goes one after the other.
const PAGER: Limit = Limit { per_minute: 120, burst: 60 };
const PHONE: Limit = Limit { per_minute: 10, burst: 5 };
const CALLS: Limit = Limit { per_minute: 4, burst: 2 };
const MACHINE: Limit = Limit { per_minute: 1200, burst: 100 };

#[rustfmt::skip]
pub const KINDS: &[Kind] = &[
    Kind { key: "slack_configs", name: "slack", global: SLACK, limit: SLOW, read: slack::read },
    Kind { key: "email_configs", name: "email", global: SMTP, limit: MAIL, read: email::read },
    Kind { key: "pagerduty_configs", name: "pagerduty", global: PAGERDUTY, limit: PAGER, read: pagerduty::read },
    Kind { key: "opsgenie_configs", name: "opsgenie", global: OPSGENIE, limit: PAGER, read: opsgenie::read_opsgenie },
    Kind { key: "jsm_configs", name: "jsm", global: JSM, limit: PAGER, read: opsgenie::read_jsm },
    Kind { key: "telegram_configs", name: "telegram", global: TELEGRAM, limit: CHAT, read: telegram::read },
    Kind { key: "msteamsv2_configs", name: "msteams", global: &[], limit: CHAT, read: msteams::read },
    Kind { key: "twilio_sms_configs", name: "sms", global: TWILIO, limit: PHONE, read: twilio::read_sms },
    Kind { key: "twilio_voice_configs", name: "voice", global: TWILIO, limit: CALLS, read: twilio::read_voice },
    Kind { key: "jira_configs", name: "jira", global: JIRA, limit: SLOW, read: jira::read },
    Kind { key: "webhook_configs", name: "webhook", global: &[], limit: MACHINE, read: webhook::read },
    Kind { key: "standard_webhook_configs", name: "standard webhook", global: &[], limit: MACHINE, read: standard_webhook::read },
    Kind { key: "cloudevents_configs", name: "cloudevents", global: &[], limit: MACHINE, read: cloudevents::read },
    Kind { key: "alertmanager_configs", name: "alertmanager", global: &[], limit: MACHINE, read: alertmanager::read },
    Kind { key: "dashboard_configs", name: "dashboard", global: &[], limit: MACHINE, read: dashboard::read },
];

/// What is being told, and how far that has come.
pub struct Telling<'a> {
    pub message: &'a Message,
    /// The receipt of the first message of the thread that this channel delivered.
    pub kept: Option<&'a str>,
    /// The answers to the calls of this try so far.
    pub answers: &'a [Answer],
    pub now_us: i64,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Call(Call),
    End(Verdict),
}

/// One channel's form: how it tells a message, call by call.
pub(crate) trait Form: Debug + Send + Sync {
    /// Where it goes, without secrets.
    fn to(&self) -> String;

    /// What must not be shown.
    fn secrets(&self) -> Vec<&Secret>;

    /// The next call, or the end.
    fn step(&self, telling: &Telling<'_>) -> Step;

    /// Whether somebody is told by it, and not only a screen.
    fn reaches_people(&self) -> bool {
        true
    }

    /// Whether it has any use for such a message.
    fn wants(&self, notice: Notice) -> bool {
        notice != Notice::Acknowledged
    }
}

/// The steps of a channel that makes one call.
pub(crate) fn once(
    telling: &Telling<'_>,
    call: impl FnOnce() -> Call,
    judge: impl FnOnce(&Answer) -> Verdict,
) -> Step {
    match telling.answers.first() {
        None => Step::Call(call()),
        Some(answer) => Step::End(judge(answer)),
    }
}
