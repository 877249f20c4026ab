//! Settings of channels: read strictly, so that a slip is an error with the name that was meant.

use crate::call::Request;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tacho_pipe::nearest;

/// Keys of Alertmanager's that shape texts by templates, which are not run here.
pub const TEMPLATED: &[&str] = &[
    "title",
    "title_link",
    "text",
    "pretext",
    "fallback",
    "fields",
    "footer",
    "short_fields",
    "callback_id",
    "image_url",
    "thumb_url",
    "mrkdwn_in",
    "actions",
    "color",
    "link_names",
    "icon_emoji",
    "icon_url",
    "html",
    "message",
    "description",
    "summary",
    "details",
    "images",
    "parse_mode",
    "timeout",
    "message_text",
    "update_message",
    "update_alerts",
    "note",
    "payload",
];

/// Reads the settings of one channel.
pub(crate) fn strict<T: DeserializeOwned>(settings: Map<String, Value>) -> Result<T, String> {
    serde_json::from_value(Value::Object(settings)).map_err(|error| explain(&error.to_string()))
}

/// serde's words about an unknown key, with what to do about it.
fn explain(message: &str) -> String {
    let Some((found, known)) = message.split_once("expected").filter(|_| message.contains("unknown field"))
    else {
        return message.to_string();
    };
    let Some(found) = found.split('`').nth(1) else { return message.to_string() };
    if TEMPLATED.contains(&found) {
        return format!(
            "{found}: tachograph writes its own texts and runs no templates of Alertmanager; leave this key out"
        );
    }
    let words = known.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let words: Vec<&str> = words.filter(|word| !matches!(*word, "one" | "of" | "or")).collect();
    let near = nearest(found, words.iter().copied()).map(|near| format!("; did you mean \"{near}\"?"));
    near.map_or_else(
        || format!("there is no key \"{found}\", expected one of {}", words.join(", ")),
        |near| format!("there is no key \"{found}\"{near}"),
    )
}

/// A URL that can be called, without its last slash.
pub(crate) fn url(name: &str, text: &Secret) -> Result<String, String> {
    let text = text.expose().trim();
    let parsed: http::Uri = text.parse().map_err(|_| format!("{name}: it is no URL"))?;
    let Some(authority) = parsed.authority() else { return Err(format!("{name}: it is no whole URL")) };
    if !matches!(parsed.scheme_str(), Some("http" | "https")) {
        return Err(format!("{name}: it begins with neither https:// nor http://"));
    }
    if authority.as_str().contains('@') {
        return Err(format!("{name}: it holds a name or password; use http_config for those"));
    }
    Ok(text.trim_end_matches('/').to_string())
}

/// The host of a URL: what may be shown of it.
pub(crate) fn host(url: &str) -> String {
    let parsed: Option<http::Uri> = url.parse().ok();
    let host = parsed.as_ref().and_then(http::Uri::host);
    host.map_or_else(|| "an address".to_string(), str::to_string)
}

/// A setting that has to be there.
pub(crate) fn need<T>(name: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("{name} is missing (or {name}_file, or {name}_env)"))
}

/// One or several, as YAML writes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    /// One text may list several with commas between them.
    pub(crate) fn list(&self) -> Vec<String> {
        let texts = match self {
            OneOrMany::One(text) => text.split(',').map(str::to_string).collect(),
            OneOrMany::Many(texts) => texts.clone(),
        };
        texts.iter().map(|text| text.trim().to_string()).filter(|text| !text.is_empty()).collect()
    }
}

/// Who calls: Alertmanager's `http_config`, as far as it says that.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpConfig {
    basic_auth: Option<Basic>,
    authorization: Option<Authorization>,
    #[serde(default)]
    tls_config: TlsConfig,
}

/// Whom to believe that it is the server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsConfig {
    /// Certificates in PEM, in place of those that browsers trust; as a file: `ca_file`.
    pub(crate) ca: Option<String>,
}

impl TlsConfig {
    pub(crate) fn check(&self) -> Result<(), String> {
        match &self.ca {
            Some(text) if !text.contains("-----BEGIN CERTIFICATE-----") => {
                Err("tls_config: ca holds no certificate in PEM".into())
            }
            _ => Ok(()),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Basic {
    username: String,
    password: Secret,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Authorization {
    #[serde(rename = "type", default)]
    scheme: Option<String>,
    credentials: Secret,
}

impl HttpConfig {
    /// A request with who calls, and whom to believe.
    pub(crate) fn apply(&self, request: Request) -> Request {
        let request = match self.authorization() {
            Some(value) => request.with("authorization", value),
            None => request,
        };
        Request { ca: self.tls_config.ca.clone(), ..request }
    }

    fn authorization(&self) -> Option<String> {
        let basic = self.basic_auth.as_ref().map(|b| basic(&b.username, b.password.expose()));
        basic.or_else(|| {
            let given = self.authorization.as_ref()?;
            let scheme = given.scheme.as_deref().unwrap_or("Bearer");
            Some(format!("{scheme} {}", given.credentials.expose()))
        })
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        self.tls_config.check()?;
        let value = self.authorization().unwrap_or_default();
        if self.basic_auth.is_some() && self.authorization.is_some() {
            return Err("http_config: basic_auth and authorization exclude each other".into());
        }
        if http::HeaderValue::from_str(&value).is_err() {
            return Err("http_config: the credentials have characters that no header can carry".into());
        }
        Ok(())
    }

    pub(crate) fn secrets(&self) -> Vec<&Secret> {
        let basic = self.basic_auth.iter().map(|basic| &basic.password);
        basic.chain(self.authorization.iter().map(|given| &given.credentials)).collect()
    }
}

pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// A text as it stands in a form body or in a URL's query.
pub(crate) fn escape(text: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    text.bytes()
        .map(|byte| if keep(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The body of a form.
pub(crate) fn form(fields: &[(&str, String)]) -> Vec<u8> {
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    fields.join("&").into_bytes()
}
