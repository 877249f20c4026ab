//! What the environment says: where to write, as whom.

use std::path::PathBuf;
use tacho_mcp::{Defaults, Pins};
use tacho_merkle::VerifierKey;

const SERVER: &str = "http://127.0.0.1:7420";
const VICTORIALOGS: &str = "http://127.0.0.1:9428";
const FILE_MB: u64 = 100;

/// Where events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Backend {
    Server,
    Postgres {
        url: String,
    },
    VictoriaLogs,
    File {
        path: PathBuf,
        /// A file of this size is put aside and a new one begun.
        bytes_max: u64,
    },
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub backend: Backend,
    /// The server's or VictoriaLogs' address.
    pub url: String,
    pub key: Option<String>,
    pub ca_file: Option<PathBuf>,
    pub defaults: Defaults,
    pub pins: Pins,
}

impl Settings {
    /// # Errors
    /// Which variable is wrong, what it holds and what was expected.
    pub(crate) fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Settings, String> {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let named = get("AUDIT_BACKEND").unwrap_or_else(|| "server".into());
        let (backend, url) = match named.as_str() {
            "server" => (Backend::Server, SERVER),
            "victorialogs" => (Backend::VictoriaLogs, VICTORIALOGS),
            "postgres" => {
                let url = get("AUDIT_DATABASE_URL").ok_or(
                    "AUDIT_BACKEND=postgres needs AUDIT_DATABASE_URL, such as postgres://user:password@host:5432/audit",
                )?;
                (Backend::Postgres { url }, SERVER)
            }
            "file" => (Backend::File { path: file(&get)?, bytes_max: megabytes(&get)? << 20 }, SERVER),
            other => {
                let expected = "server, postgres, victorialogs or file";
                return Err(format!("AUDIT_BACKEND is \"{other}\", expected {expected}"));
            }
        };
        let url = get("AUDIT_LOG_URL").unwrap_or_else(|| url.into());
        Ok(Settings {
            backend,
            url: base(&url)?,
            key: get("AUDIT_LOG_KEY"),
            ca_file: get("AUDIT_LOG_CA_FILE").map(PathBuf::from),
            // Claude Code tells its session to the servers that it starts: the same that its hooks report.
            defaults: Defaults {
                agent: get("AGENT_ID"),
                session: get("SESSION_ID").or_else(|| get("CLAUDE_CODE_SESSION_ID")),
            },
            pins: Pins { keys: get("AUDIT_LOG_PIN").map_or(Ok(Vec::new()), |pin| keys(&pin))?, own: false },
        })
    }
}

/// The address without the path that the hook command may have been given. Without a scheme it is taken for http, as the
/// clients and the hook command take it.
fn base(url: &str) -> Result<String, String> {
    let told = || format!("AUDIT_LOG_URL is \"{url}\", expected http://HOST:PORT or https://…");
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix("/log").or_else(|| url.strip_suffix("/insert/jsonline")).unwrap_or(url);
    // `http://` lost its slashes above, and its scheme is no host.
    if url.ends_with(':') {
        return Err(told());
    }
    let url = if url.contains("://") { url.to_string() } else { format!("http://{url}") };
    let uri: ureq::http::Uri = url.parse().map_err(|_| told())?;
    let has_host = uri.host().is_some_and(|host| !host.is_empty());
    if has_host && matches!(uri.scheme_str(), Some("http" | "https")) { Ok(url) } else { Err(told()) }
}

fn file(get: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, String> {
    let named = get("AUDIT_LOG_FILE").map(PathBuf::from);
    let state = || Some(PathBuf::from(get("HOME")?).join(".local/state/tachograph/mcp-audit.ndjson"));
    named.or_else(state).ok_or_else(|| "AUDIT_BACKEND=file needs AUDIT_LOG_FILE or HOME".into())
}

fn megabytes(get: &dyn Fn(&str) -> Option<String>) -> Result<u64, String> {
    let Some(text) = get("AUDIT_LOG_FILE_MB") else { return Ok(FILE_MB) };
    match text.parse() {
        Ok(mb @ 1..=1024) => Ok(mb),
        _ => Err(format!("AUDIT_LOG_FILE_MB is \"{text}\", expected 1 to 1024")),
    }
}

/// Keys as `tachograph keys` prints them, or a file of them.
fn keys(pin: &str) -> Result<Vec<VerifierKey>, String> {
    let text = match std::fs::read_to_string(pin) {
        Ok(text) => text,
        Err(_) => pin.to_string(),
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let parsed = lines.map(|line| {
        VerifierKey::parse(line).map_err(|error| {
            format!("AUDIT_LOG_PIN: \"{line:.80}\" is neither a file nor a verifier key: {error}")
        })
    });
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::read(&|name| set.iter().find(|(is, _)| *is == name).map(|(_, value)| (*value).to_string()))
    }

    #[test]
    fn nothing_set_means_the_server_on_this_machine() {
        let settings = read(&[]).unwrap();
        assert_eq!((settings.backend, settings.url.as_str()), (Backend::Server, SERVER));
    }

    #[test]
    fn the_hook_commands_address_is_understood() {
        for url in ["http://h:1", "http://h:1/", "http://h:1/log"] {
            assert_eq!(read(&[("AUDIT_LOG_URL", url)]).unwrap().url, "http://h:1");
        }
        for url in ["127.0.0.1:36337", "localhost", "recorder:7420/log", "[::1]:7420/"] {
            let expected = format!("http://{}", url.trim_end_matches("/log").trim_end_matches('/'));
            assert_eq!(read(&[("AUDIT_LOG_URL", url)]).unwrap().url, expected);
        }
    }

    #[test]
    fn the_session_is_the_one_that_is_named_else_claude_codes() {
        let claude = ("CLAUDE_CODE_SESSION_ID", "c");
        assert_eq!(read(&[claude]).unwrap().defaults.session.as_deref(), Some("c"));
        assert_eq!(read(&[claude, ("SESSION_ID", "s")]).unwrap().defaults.session.as_deref(), Some("s"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (set, expected) in [
            (("AUDIT_BACKEND", "mysql"), "server, postgres, victorialogs or file"),
            (("AUDIT_BACKEND", "postgres"), "AUDIT_DATABASE_URL"),
            (("AUDIT_LOG_URL", "ftp://host:1"), "expected http://"),
            (("AUDIT_LOG_URL", "http://"), "expected http://"),
            (("AUDIT_LOG_URL", "the server"), "expected http://"),
            (("AUDIT_LOG_PIN", "/no/such/file"), "neither a file nor a verifier key"),
        ] {
            let error = read(&[set]).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let file = [("AUDIT_BACKEND", "file"), ("AUDIT_LOG_FILE", "/x"), ("AUDIT_LOG_FILE_MB", "0")];
        assert!(read(&file).unwrap_err().contains("1 to 1024"));
    }
}
