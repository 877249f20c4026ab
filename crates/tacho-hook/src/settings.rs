//! Where events go and who sends them: the environment first, then `hook.toml`, then defaults.
//!
//! The file is `$XDG_CONFIG_HOME/tachograph/hook.toml` or `~/.config/tachograph/hook.toml`; `install --url` writes it.
//! A file that can't be read does not stop the recording: the defaults hold, and `status` says what is wrong.

mod address;

pub use address::{check_url, endpoint};

use crate::spool::LOCK_WAIT;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The server's own default address.
pub const URL_DEFAULT: &str = "http://127.0.0.1:7420";
/// What may wait on disk, MiB.
const SPOOL_MB_DEFAULT: u64 = 64;
/// The settings file is read up to this size, bytes.
const FILE_BYTES_MAX: u64 = 64 << 10;
/// The server's time to say whether an agent is stopped, and its limit, milliseconds: the agent waits meanwhile.
const ENFORCE_WAIT: Duration = Duration::from_millis(200);
const ENFORCE_MS_MAX: u64 = 5_000;
/// A hook waits at most so long for the lock, whatever is asked for, milliseconds.
const LOCK_MS_MAX: u64 = 60_000;

/// The settings file.
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The server, or the whole address of its way in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// A file that holds nothing but the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// A file of PEM certificates that are trusted instead of the usual ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The agent of events that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The folder that holds the spools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spool: Option<PathBuf>,
    /// What may wait on disk, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spool_mb: Option<u64>,
    /// Whether the server is asked before each call of a tool if the agent is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforce: Option<bool>,
}

/// What holds for one run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where events are posted to.
    pub url: String,
    pub key: Option<String>,
    pub ca_file: Option<PathBuf>,
    pub agent: Option<String>,
    pub session: Option<String>,
    /// The folder with one spool for each address.
    pub spools: PathBuf,
    pub spool_bytes_max: u64,
    /// A hook waits so long for the spool's lock.
    pub lock_wait: Duration,
    /// How long the server may take to say whether the agent is stopped; nothing where it is not asked.
    pub enforce: Option<Duration>,
    /// Why the settings file was not used.
    pub file_error: Option<String>,
    /// Why the file of the key was not used: events are sent without one.
    pub key_error: Option<String>,
}

/// Names that a sender needs of the environment; everything else of it, such as an agent's own tokens, stays behind.
pub const KEPT: &[&str] = &[
    "AUDIT_LOG_URL",
    "AUDIT_LOG_KEY",
    "AUDIT_LOG_CA_FILE",
    "AUDIT_LOG_SPOOL",
    "AUDIT_LOG_SPOOL_MB",
    "AUDIT_LOG_LINGER_S",
    "HOME",
    "USER",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];

impl Settings {
    /// Reads environment and file; `get` is the environment.
    ///
    /// # Errors
    /// When no folder for the spool can be named: neither `AUDIT_LOG_SPOOL` nor a home.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Settings, String> {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let home = get("HOME").or_else(|| user().map(|(_, home)| home)).map(PathBuf::from);
        let (file, file_error) = match config_path(&get, home.as_deref()).map(|path| read_file(&path)) {
            Some(Ok(file)) => (file, None),
            Some(Err(error)) => (File::default(), Some(error)),
            None => (File::default(), None),
        };
        let spools = get("AUDIT_LOG_SPOOL").map(PathBuf::from).or(file.spool).or_else(|| {
            let state = get("XDG_STATE_HOME").map(PathBuf::from);
            let state = state.or_else(|| home.as_ref().map(|home| home.join(".local/state")))?;
            Some(state.join("tachograph/hook"))
        });
        let spools = spools.ok_or("no folder for the spool: set AUDIT_LOG_SPOOL or HOME")?;
        let mb = get("AUDIT_LOG_SPOOL_MB").and_then(|mb| mb.parse().ok()).or(file.spool_mb);
        let (key, key_error) = match (get("AUDIT_LOG_KEY").or(file.key), file.key_file) {
            (None, Some(path)) => match read_key(&path) {
                Ok(key) => (Some(key), None),
                Err(error) => (None, Some(error)),
            },
            (key, _) => (key, None),
        };
        let lock_ms = get("AUDIT_LOG_LOCK_MS").and_then(|ms| ms.parse::<u64>().ok());
        let lock_wait = lock_ms.map_or(LOCK_WAIT, |ms| Duration::from_millis(ms.min(LOCK_MS_MAX)));
        let enforce = match get("AUDIT_LOG_ENFORCE").as_deref() {
            Some(word) => matches!(word, "1" | "true" | "yes" | "on"),
            None => file.enforce.unwrap_or(false),
        };
        let enforce_ms = get("AUDIT_LOG_ENFORCE_MS").and_then(|ms| ms.parse::<u64>().ok());
        let enforce_time =
            enforce_ms.map_or(ENFORCE_WAIT, |ms| Duration::from_millis(ms.clamp(1, ENFORCE_MS_MAX)));
        Ok(Settings {
            enforce: enforce.then_some(enforce_time),
            url: endpoint(&get("AUDIT_LOG_URL").or(file.url).unwrap_or_else(|| URL_DEFAULT.to_owned())),
            key,
            ca_file: get("AUDIT_LOG_CA_FILE").map(PathBuf::from).or(file.ca_file),
            agent: get("AGENT_ID").or(file.agent),
            session: get("SESSION_ID"),
            spools,
            spool_bytes_max: mb.unwrap_or(SPOOL_MB_DEFAULT).clamp(1, 64 << 10) << 20,
            lock_wait,
            file_error,
            key_error,
        })
    }

    /// The spool of this address. Each has its own, so that what was meant for one server never reaches another.
    pub fn spool(&self) -> PathBuf {
        self.spools.join(address::spool_name(&self.url))
    }
}

/// Where the settings file is.
pub fn config_path(get: &dyn Fn(&str) -> Option<String>, home: Option<&Path>) -> Option<PathBuf> {
    let config = get("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| Some(home?.join(".config")))?;
    Some(config.join("tachograph/hook.toml"))
}

/// Reads the settings file; one that is not there is empty.
///
/// # Errors
/// What can't be read in it, and where.
pub fn read_file(path: &Path) -> Result<File, String> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(File::default()),
        Ok(found) if found.len() > FILE_BYTES_MAX => {
            return Err(format!(
                "{}: {} bytes, expected at most {FILE_BYTES_MAX}",
                path.display(),
                found.len()
            ));
        }
        _ => {}
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Reads a file that holds nothing but the API key.
///
/// # Errors
/// When it is not there, can't be read, or holds no key or more than one line.
pub fn read_key(path: &Path) -> Result<String, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| told(&error))?;
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(|error| told(&error))?;
    match text.trim() {
        "" => Err(told(&"is empty, expected the API key")),
        key if key.contains(char::is_whitespace) => {
            Err(told(&"holds more than one word, expected the API key and nothing else"))
        }
        key => Ok(key.to_owned()),
    }
}

/// The user that this program runs as, by name, and the home that the system has for it.
pub fn user() -> Option<(String, String)> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let all = std::fs::read_to_string("/etc/passwd").ok()?;
    all.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, id, home) = (fields.next()?, fields.next(), fields.next()?, fields.nth(2)?);
        (id == uid).then(|| (name.to_owned(), home.to_owned()))
    })
}

/// The name of this machine.
pub fn host(get: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    let read = files.iter().find_map(|file| std::fs::read_to_string(file).ok());
    let name = read.or_else(|| get("HOSTNAME"))?.trim().to_owned();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Settings {
        let get = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Settings::read(&get).unwrap()
    }

    #[test]
    fn environment_comes_before_the_file_and_the_file_before_defaults() {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join(".config/tachograph");
        std::fs::create_dir_all(&config).unwrap();
        std::fs::write(config.join("hook.toml"), "url = \"https://a.example/\"\nkey = \"k\"\nspool_mb = 2\n")
            .unwrap();
        let home = home.path().to_str().unwrap();
        let settings = read(&[("HOME", home)]);
        assert_eq!(
            (settings.url.as_str(), settings.key.as_deref()),
            ("https://a.example/v1/events", Some("k"))
        );
        assert_eq!(settings.spool_bytes_max, 2 << 20);
        assert!(settings.spool().starts_with(home), "{:?}", settings.spool());
        let settings = read(&[("HOME", home), ("AUDIT_LOG_URL", "http://b:1/log"), ("AUDIT_LOG_KEY", "k2")]);
        assert_eq!((settings.url.as_str(), settings.key.as_deref()), ("http://b:1/log", Some("k2")));
    }

    #[test]
    fn a_broken_file_is_told_and_the_defaults_hold() {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("tachograph");
        std::fs::create_dir_all(&config).unwrap();
        std::fs::write(config.join("hook.toml"), "adress = 1\n").unwrap();
        let settings = read(&[("HOME", "/h"), ("XDG_CONFIG_HOME", home.path().to_str().unwrap())]);
        assert!(settings.file_error.as_deref().unwrap().contains("adress"), "{:?}", settings.file_error);
        assert_eq!(settings.url, "http://127.0.0.1:7420/v1/events");
        assert!(settings.spool().starts_with("/h/.local/state/tachograph/hook"));
    }
}
