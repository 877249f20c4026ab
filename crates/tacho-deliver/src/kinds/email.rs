//! E-mail over SMTP: text and HTML, each person a mail of their own, so that each has an outcome of their own.
//!
//! Delivery: at least once; a repetition has the same Message-ID. All mails of one thread refer to one root.

use super::{Form, Forms, Step, Telling, once};
use crate::call::{Answer, Call, Login, Mail, Security};
use crate::message::{Message, Notice, digest};
use crate::outline::{Item, Outline, cut, one_line};
use crate::secret::Secret;
use crate::settings::{OneOrMany, TlsConfig, need, strict};
use crate::verdict::Verdict;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// People that one entry names.
const PEOPLE_MAX: usize = 50;
const TEXT_CHARS_MAX: usize = 100_000;
const SUBJECT_CHARS_MAX: usize = 200;
const ITEMS_MAX: usize = 100;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Email {
    /// One address, or several.
    to: Option<OneOrMany>,
    from: Option<String>,
    /// The mail server: host and port. Port 465 is TLS from the first byte; others begin with STARTTLS.
    smarthost: Option<String>,
    /// How we call ourselves.
    hello: Option<String>,
    auth_username: Option<String>,
    auth_password: Option<Secret>,
    /// `false` sends as it is, also passwords: only within one machine.
    require_tls: Option<bool>,
    #[serde(default)]
    tls_config: TlsConfig,
    /// For digests: where people leave, `mailto:` or `https:`.
    list_unsubscribe: Option<String>,
    #[serde(skip)]
    server: (String, u16),
    #[serde(skip)]
    people: Option<(Mailbox, Mailbox)>,
}

pub(super) fn read(settings: Map<String, Value>) -> Forms {
    let mut email: Email = strict(settings)?;
    email.tls_config.check()?;
    let mailbox = |name: &str, text: &str| {
        text.trim().parse::<Mailbox>().map_err(|_| format!("{name}: \"{}\" is no address", cut(text, 100)))
    };
    let from = mailbox("from", need("from", email.from.as_ref())?)?;
    let people = need("to", email.to.as_ref())?.list();
    if !(1..=PEOPLE_MAX).contains(&people.len()) {
        return Err(format!("to: {} addresses, expected 1 to {PEOPLE_MAX}", people.len()));
    }
    let smarthost = need("smarthost", email.smarthost.as_ref())?;
    let (host, port) = smarthost.rsplit_once(':').ok_or("smarthost: expected host:port")?;
    let port = port.parse().map_err(|_| "smarthost: expected a number after the colon")?;
    let host = host.trim_matches(['[', ']']);
    if host.is_empty() {
        return Err("smarthost: expected a host before the colon".into());
    }
    email.server = (host.to_string(), port);
    if email.auth_username.is_some() != email.auth_password.is_some() {
        return Err("auth_username and auth_password go together".into());
    }
    let bad = |text: &String| text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic());
    if email.hello.as_ref().is_some_and(bad) || email.list_unsubscribe.as_ref().is_some_and(bad) {
        return Err("hello and list_unsubscribe: expected ASCII without blanks".into());
    }
    let one = |person: &String| {
        let people = Some((from.clone(), mailbox("to", person)?));
        Ok(Arc::new(Email { people, ..email.clone() }) as Arc<dyn Form>)
    };
    people.iter().map(one).collect()
}

impl Form for Email {
    fn to(&self) -> String {
        self.people.as_ref().map(|(_, to)| to.email.to_string()).unwrap_or_default()
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.auth_password.iter().collect()
    }

    fn step(&self, telling: &Telling<'_>) -> Step {
        let Some((from, to)) = &self.people else {
            return Step::End(Verdict::Refused { why: "the mail has nobody to go to".into() });
        };
        if let Some(answer) = telling.answers.first() {
            return Step::End(judge(answer));
        }
        match self.written(telling.message, from, to) {
            Ok(bytes) => once(telling, || self.mail(from, to, bytes), judge),
            Err(error) => Step::End(Verdict::Refused { why: format!("the mail can't be written: {error}") }),
        }
    }
}

impl Email {
    fn mail(&self, from: &Mailbox, to: &Mailbox, bytes: Vec<u8>) -> Call {
        let (host, port) = self.server.clone();
        let security = match (port, self.require_tls) {
            (465, _) => Security::Tls,
            (_, Some(false)) => Security::Plain,
            _ => Security::StartTls,
        };
        let login = self.auth_username.clone().zip(self.auth_password.clone());
        Call::Mail(Mail {
            host,
            port,
            security,
            hello: self.hello.clone().unwrap_or_else(|| from.email.domain().to_string()),
            login: login.map(|(user, password)| Login { user, password }),
            ca: self.tls_config.ca.clone(),
            from: from.email.to_string(),
            to: to.email.to_string(),
            bytes,
        })
    }

    fn written(
        &self,
        message: &Message,
        from: &Mailbox,
        to: &Mailbox,
    ) -> Result<Vec<u8>, lettre::error::Error> {
        let outline = Outline::of(message);
        let domain = from.email.domain();
        // By the person as well: the same alert in two boxes is two mails.
        let id = |what: &str| format!("<{}@{domain}>", &digest(&format!("{what} {}", to.email))[..40]);
        let root = id(&format!("thread {}", message.thread));
        let at = UNIX_EPOCH + Duration::from_micros(u64::try_from(message.at_us).unwrap_or_default());
        let header =
            |name, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_string());
        let mut mail = lettre::Message::builder()
            .from(from.clone())
            .to(to.clone())
            .subject(cut(&one_line(&outline.headline), SUBJECT_CHARS_MAX))
            .date(at)
            .message_id(Some(id(&format!("message {}", message.id))))
            .in_reply_to(root.clone())
            .references(root)
            .raw_header(header("Auto-Submitted", "auto-generated"));
        if message.notice == Notice::Digest
            && let Some(leave) = &self.list_unsubscribe
        {
            mail = mail.raw_header(header("List-Unsubscribe", &format!("<{leave}>")));
        }
        let boundary = format!("=_{}", &digest(&message.id)[..40]);
        let parts = MultiPart::alternative()
            .boundary(boundary)
            .singlepart(SinglePart::plain(plain(message, &outline)))
            .singlepart(SinglePart::html(html(message, &outline)));
        Ok(mail.multipart(parts)?.formatted())
    }
}

fn plain(message: &Message, outline: &Outline) -> String {
    let mut text = outline.plain(TEXT_CHARS_MAX);
    for (word, link) in links(message) {
        text.push_str(&format!("\n\n{word}: {link}"));
    }
    text.push('\n');
    text
}

fn links(message: &Message) -> Vec<(&'static str, &String)> {
    let all = [("Open", &message.links.dashboard), ("Acknowledge", &message.links.acknowledge)];
    all.into_iter().filter_map(|(word, link)| Some((word, link.as_ref()?))).collect()
}

fn html(message: &Message, outline: &Outline) -> String {
    let color = match (message.is_resolved(), message.severity) {
        (true, _) => "#1a7f37",
        (_, tacho_alert::Severity::Critical) => "#b42318",
        (_, tacho_alert::Severity::Warning) => "#9a6700",
        (_, tacho_alert::Severity::Info) => "#57606a",
    };
    let mut out = format!(
        "<!doctype html><html><body style=\"font-family:sans-serif;max-width:44em\">\
         <h2 style=\"color:{color}\">{}</h2>",
        escape(&outline.headline)
    );
    for line in outline.text.lines().filter(|line| !line.trim().is_empty()) {
        out.push_str(&format!("<p>{}</p>", escape(line)));
    }
    outline.items.iter().take(ITEMS_MAX).for_each(|item| out.push_str(&block(item)));
    let more = outline.more + outline.items.len().saturating_sub(ITEMS_MAX) as u64;
    if more > 0 {
        out.push_str(&format!("<p>and {more} more</p>"));
    }
    let links: Vec<String> = links(message)
        .iter()
        .map(|(word, link)| format!("<a href=\"{}\">{word}</a>", escape(link)))
        .collect();
    out.push_str(&format!("<p>{}</p></body></html>", links.join(" · ")));
    out
}

fn block(item: &Item) -> String {
    let row =
        |name: &str, value: &str| format!("<tr><td>{}</td><td>{}</td></tr>", escape(name), escape(value));
    let mut rows = row("when", &item.when);
    item.facts.iter().for_each(|(name, value)| rows.push_str(&row(name, value)));
    let title = match &item.url {
        Some(url) => format!("<a href=\"{}\">{}</a>", escape(url), escape(&item.title)),
        None => escape(&item.title),
    };
    format!("<h3>{title}</h3><table cellpadding=\"3\">{rows}</table>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// SMTP: 2xx taken, 4xx later, anything else never.
fn judge(answer: &Answer) -> Verdict {
    let why = match answer.status {
        0 => answer.words(),
        status => format!("the mail server says {status}: {}", answer.words()),
    };
    match answer.status {
        0 => Verdict::Retry { after_us: None, why },
        200..300 => Verdict::delivered(Some(&answer.words())),
        400..500 => Verdict::Retry { after_us: None, why },
        _ => Verdict::Refused { why },
    }
}
