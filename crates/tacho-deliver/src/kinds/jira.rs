//! Jira: an issue for each thread. Delivery: at least once; the issue carries a label made of the thread's name, which
//! is looked for before one is made. Later messages are comments; the end is a transition where one is named.

use super::{Form, Forms, Step, Telling};
use crate::call::{Answer, Call, Request};
use crate::message::{Message, Notice, digest};
use crate::outline::{Outline, cut};
use crate::secret::Secret;
use crate::settings::{HttpConfig, host, need, strict, url};
use crate::verdict::{Verdict, by_status};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tacho_alert::{Severity, Span};

const SUMMARY_CHARS_MAX: usize = 255;
const DESCRIPTION_CHARS_MAX: usize = 30_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jira {
    /// `https://example.atlassian.net`, or the address of a Data Center, with or without `/rest/api/2`.
    api_url: Option<Secret>,
    /// cloud, datacenter, or auto: by the host's name.
    api_type: Option<String>,
    /// The project's key.
    project: Option<String>,
    issue_type: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
    /// In place of the severity's: critical Highest, warning Medium, info Low. Empty sets none.
    priority: Option<String>,
    /// The name of the transition when all is resolved. Without it there is a comment.
    resolve_transition: Option<String>,
    /// The name of the transition when it begins again. Without it there is a new issue.
    reopen_transition: Option<String>,
    /// An issue that ended longer ago is not opened again.
    reopen_duration: Option<Span>,
    /// Issues with this resolution are left alone.
    wont_fix_resolution: Option<String>,
    /// More fields of new issues.
    #[serde(default)]
    fields: Map<String, Value>,
    /// Cloud: basic_auth with mail address and API token. Data Center: authorization with a token.
    #[serde(default)]
    http_config: HttpConfig,
    #[serde(skip)]
    rest: String,
    #[serde(skip)]
    is_cloud: bool,
}

/// What there is of a thread in Jira.
#[derive(PartialEq)]
enum Found {
    Nothing,
    Open(String),
    Done(String),
}

enum Plan {
    Nothing(Option<String>),
    Create,
    Comment(String),
    Transition(String, String),
}

pub(super) fn read(settings: Map<String, Value>) -> Forms {
    let mut jira: Jira = strict(settings)?;
    jira.http_config.check()?;
    let base = url("api_url", need("api_url", jira.api_url.as_ref())?)?;
    jira.is_cloud = match jira.api_type.as_deref() {
        None | Some("auto") => host(&base).ends_with(".atlassian.net") || host(&base) == "api.atlassian.com",
        Some("cloud") => true,
        Some("datacenter") => false,
        Some(other) => {
            return Err(format!("api_type: \"{}\", expected auto, cloud or datacenter", cut(other, 40)));
        }
    };
    let version = if jira.is_cloud { 3 } else { 2 };
    jira.rest = if base.contains("/rest/api/") { base } else { format!("{base}/rest/api/{version}") };
    let project = need("project", jira.project.as_ref())?;
    if project.is_empty() || !project.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err("project: expected the project's key, such as OPS".into());
    }
    need("issue_type", jira.issue_type.as_ref())?;
    if jira.labels.iter().any(|label| label.is_empty() || label.contains(char::is_whitespace)) {
        return Err("labels: Jira takes none with blanks".into());
    }
    Ok(vec![Arc::new(jira)])
}

impl Form for Jira {
    fn to(&self) -> String {
        format!("{} at {}", self.project.as_deref().unwrap_or_default(), host(&self.rest))
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.http_config.secrets()
    }

    fn wants(&self, notice: Notice) -> bool {
        !matches!(notice, Notice::Acknowledged | Notice::Digest)
    }

    fn step(&self, telling: &Telling<'_>) -> Step {
        let [looked, rest @ ..] = telling.answers else { return Step::Call(self.look(telling)) };
        let found = match self.found(looked, telling) {
            Ok(found) => found,
            Err(verdict) => return Step::End(verdict),
        };
        let told = |key: &str, answer: &Answer| match by_status(answer, telling.now_us) {
            Verdict::Delivered { .. } => Step::End(Verdict::delivered(Some(key))),
            other => Step::End(other),
        };
        match (self.plan(found, telling.message), rest) {
            (Plan::Nothing(key), _) => Step::End(Verdict::delivered(key.as_deref())),
            (Plan::Create, []) => Step::Call(self.create(telling.message)),
            (Plan::Create, [made, ..]) => told(made.json()["key"].as_str().unwrap_or_default(), made),
            (Plan::Comment(key), []) => Step::Call(self.comment(&key, telling.message)),
            (Plan::Comment(key), [made, ..]) => told(&key, made),
            (Plan::Transition(key, _), []) => {
                let to = format!("{}/issue/{key}/transitions", self.rest);
                Step::Call(self.authorized(Request::get(to)))
            }
            (Plan::Transition(key, name), [listed]) => match self.transition(&key, &name, listed) {
                Ok(call) => Step::Call(call),
                Err(why) => Step::End(match by_status(listed, telling.now_us) {
                    Verdict::Delivered { .. } => Verdict::Refused { why },
                    other => other,
                }),
            },
            (Plan::Transition(key, _), [_, done, ..]) => told(&key, done),
        }
    }
}

impl Jira {
    /// The issue by its key, where that is known: a new issue takes a while to be found by its label.
    fn look(&self, telling: &Telling<'_>) -> Call {
        if let Some(key) = telling.kept.filter(|key| is_key(key)) {
            return self.authorized(Request::get(format!("{}/issue/{key}?fields=status", self.rest)));
        }
        let mut jql = format!(
            "project = \"{}\" AND labels = \"{}\"",
            self.project.as_deref().unwrap_or_default(),
            label(telling.message)
        );
        let since = self.reopen_duration.map(|span| format!(" OR resolved >= \"-{}m\"", span.0 / 60_000_000));
        match (&self.reopen_transition, since) {
            (None, _) => jql.push_str(" AND statusCategory != Done"),
            (Some(_), Some(since)) => jql.push_str(&format!(" AND (statusCategory != Done{since})")),
            (Some(_), None) => {}
        }
        if let Some(left_alone) = &self.wont_fix_resolution {
            // `!=` alone leaves out issues that have no resolution at all.
            let quoted = left_alone.replace('\\', "\\\\").replace('"', "\\\"");
            jql.push_str(&format!(" AND (resolution is EMPTY OR resolution != \"{quoted}\")"));
        }
        jql.push_str(" ORDER BY created DESC");
        let path = if self.is_cloud { "search/jql" } else { "search" };
        let body = json!({"jql": jql, "maxResults": 1, "fields": ["status"]});
        self.authorized(Request::json(format!("{}/{path}", self.rest), &body))
    }

    fn found(&self, looked: &Answer, telling: &Telling<'_>) -> Result<Found, Verdict> {
        let by_key = telling.kept.is_some_and(is_key);
        if by_key && looked.status == 404 {
            return Ok(Found::Nothing);
        }
        if !looked.is_good() {
            return Err(by_status(looked, telling.now_us));
        }
        let told = looked.json();
        let issue = if by_key { &told } else { &told["issues"][0] };
        let Some(key) = issue["key"].as_str().filter(|key| is_key(key)) else {
            return match told["issues"].is_array() {
                true => Ok(Found::Nothing),
                false => {
                    Err(Verdict::Refused { why: format!("the answer lists no issues: {}", looked.words()) })
                }
            };
        };
        let done = issue["fields"]["status"]["statusCategory"]["key"] == "done";
        Ok(if done { Found::Done(key.into()) } else { Found::Open(key.into()) })
    }

    fn plan(&self, found: Found, message: &Message) -> Plan {
        match (found, message.is_resolved()) {
            (Found::Nothing, true) => Plan::Nothing(None),
            (Found::Done(key), true) => Plan::Nothing(Some(key)),
            (Found::Open(key), true) => match &self.resolve_transition {
                Some(name) => Plan::Transition(key, name.clone()),
                None => Plan::Comment(key),
            },
            (Found::Nothing, false) => Plan::Create,
            (Found::Open(key), false) if message.notice == Notice::Repeated => Plan::Nothing(Some(key)),
            (Found::Open(key), false) => Plan::Comment(key),
            (Found::Done(key), false) => match &self.reopen_transition {
                Some(name) => Plan::Transition(key, name.clone()),
                None => Plan::Create,
            },
        }
    }

    fn create(&self, message: &Message) -> Call {
        let outline = Outline::of(message);
        let mut fields = self.fields.clone();
        let priority = self.priority.as_deref().unwrap_or(match message.severity {
            Severity::Critical => "Highest",
            Severity::Warning => "Medium",
            Severity::Info => "Low",
        });
        if !priority.is_empty() {
            fields.insert("priority".into(), json!({"name": priority}));
        }
        let mut labels = self.labels.clone();
        labels.push(label(message));
        let links = [&message.links.dashboard, &message.links.acknowledge];
        let links: String = links.into_iter().flatten().map(|link| format!("\n\n{link}")).collect();
        let text = format!("{}{links}", outline.plain(DESCRIPTION_CHARS_MAX));
        fields.insert("project".into(), json!({"key": self.project}));
        fields.insert("issuetype".into(), json!({"name": self.issue_type}));
        fields.insert("summary".into(), json!(cut(&outline.headline, SUMMARY_CHARS_MAX)));
        fields.insert("description".into(), self.text(&text));
        fields.insert("labels".into(), json!(labels));
        self.authorized(Request::json(format!("{}/issue", self.rest), &json!({"fields": fields})))
    }

    fn comment(&self, key: &str, message: &Message) -> Call {
        let text = self.text(&Outline::of(message).plain(DESCRIPTION_CHARS_MAX));
        self.authorized(Request::json(format!("{}/issue/{key}/comment", self.rest), &json!({"body": text})))
    }

    fn transition(&self, key: &str, name: &str, listed: &Answer) -> Result<Call, String> {
        let told = listed.json();
        let all: Vec<&Value> = told["transitions"].as_array().into_iter().flatten().collect();
        let named =
            |one: &&&Value| one["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name));
        let id = all.iter().find(named).and_then(|one| one["id"].as_str());
        let id = id.ok_or_else(|| {
            let names: Vec<&str> = all.iter().filter_map(|one| one["name"].as_str()).collect();
            format!(
                "{key} has no transition \"{name}\" from where it is, only: {}",
                cut(&names.join(", "), 200)
            )
        })?;
        let to = format!("{}/issue/{key}/transitions", self.rest);
        Ok(self.authorized(Request::json(to, &json!({"transition": {"id": id}}))))
    }

    /// Version 3 of the API has documents, version 2 plain text with Jira's own markup.
    fn text(&self, text: &str) -> Value {
        if !self.rest.ends_with("/3") {
            return json!(format!(
                "{{noformat}}\n{}\n{{noformat}}",
                text.replace("{noformat}", "(noformat)")
            ));
        }
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let line = |text| json!({"type": "paragraph", "content": [{"type": "text", "text": text}]});
        json!({"type": "doc", "version": 1, "content": lines.map(line).collect::<Vec<_>>()})
    }

    fn authorized(&self, request: Request) -> Call {
        Call::Http(self.http_config.apply(request).with("accept", "application/json"))
    }
}

fn label(message: &Message) -> String {
    format!("tachograph-{}", &digest(&message.thread)[..20])
}

fn is_key(text: &str) -> bool {
    let (project, number) = text.split_once('-').unwrap_or_default();
    let good = |text: &str, is: fn(&u8) -> bool| !text.is_empty() && text.bytes().all(|byte| is(&byte));
    good(project, |byte| byte.is_ascii_alphanumeric() || *byte == b'_') && good(number, u8::is_ascii_digit)
}
