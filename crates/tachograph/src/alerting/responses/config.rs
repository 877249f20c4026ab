//! `[alerts.responses.NAME]` of the configuration: the only place that names programs and addresses. A rule, and whoever may
//! edit rules, names a response by its name.

use super::super::incidents::Length;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tacho_alert::respond::{Kind, Settings};
use tacho_deliver::SignedHook;

/// Arguments of a program, and their length together, bytes.
const ARGUMENTS_MAX: usize = 100;
const ARGUMENTS_BYTES_MAX: usize = 16 << 10;
const TIMEOUT: Duration = Duration::from_secs(30);
const TIMEOUT_MAX: Duration = Duration::from_secs(600);
const PER_HOUR: u32 = 10;

/// `[alerts.responses.NAME]` of the configuration.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub kind: Option<Kind>,
    /// Whether a person has to agree to each run.
    pub approve: bool,
    /// Whether it only says what it would do.
    pub dry_run: bool,
    /// Runs within an hour; more are refused.
    pub per_hour: Option<u32>,
    /// Rules whose alerts ask for it, beside those that name it themselves.
    pub rules: Vec<String>,
    /// Of a web hook: `url`, `secret` (or `secret_file`, `secret_env`), `http_config`.
    pub webhook: serde_json::Map<String, serde_json::Value>,
    /// Of a command: the program, by its whole path, and its arguments as they are.
    pub program: Option<PathBuf>,
    pub arguments: Vec<String>,
    pub timeout: Option<Length>,
    /// Of a stop: how long, for ever when not given; and whether the alert's session alone is stopped.
    pub minutes: Option<u32>,
    pub session: bool,
}

/// A program that may be run.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) timeout: Duration,
}

/// What a response does.
#[derive(Debug)]
pub(super) enum Deed {
    Webhook(SignedHook),
    Command(Program),
    StopAgent { minutes: Option<u32>, session: bool },
}

/// A response as it is meant.
#[derive(Debug)]
pub(super) struct Configured {
    pub(super) settings: Settings,
    pub(super) rules: Vec<String>,
    pub(super) deed: Deed,
}

impl Configured {
    /// # Errors
    /// What is wrong with the settings, in words.
    pub(super) fn read(config: &Config) -> Result<Configured, String> {
        let kind = config.kind.ok_or("kind is missing, expected webhook, command or stop_agent")?;
        let other = [
            (Kind::Webhook, "webhook", !config.webhook.is_empty()),
            (Kind::Command, "program", config.program.is_some()),
            (Kind::Command, "arguments", !config.arguments.is_empty()),
            (Kind::Command, "timeout", config.timeout.is_some()),
            (Kind::StopAgent, "minutes", config.minutes.is_some()),
            (Kind::StopAgent, "session", config.session),
        ];
        if let Some((of, name, _)) = other.iter().find(|(of, _, given)| *given && *of != kind) {
            return Err(format!("{name} is for kind \"{}\", this is \"{}\"", of.as_str(), kind.as_str()));
        }
        let deed = match kind {
            Kind::Webhook => Deed::Webhook(SignedHook::read(&config.webhook, &crate::deliver::secret)?),
            Kind::Command => Deed::Command(Program::read(config)?),
            Kind::StopAgent if config.minutes == Some(0) => {
                return Err("minutes is 0, expected 1 or more".into());
            }
            Kind::StopAgent => Deed::StopAgent { minutes: config.minutes, session: config.session },
        };
        let per_hour = config.per_hour.unwrap_or(PER_HOUR);
        let settings = Settings { kind, approve: config.approve, dry_run: config.dry_run, per_hour };
        Ok(Configured { settings, rules: config.rules.clone(), deed })
    }

    /// What it does and to whom, in words without secrets.
    pub(super) fn to(&self) -> String {
        match &self.deed {
            Deed::Webhook(hook) => hook.to(),
            Deed::Command(program) => program.words(),
            Deed::StopAgent { minutes, session } => {
                let whom = if *session { "the session" } else { "the agent" };
                let long = minutes
                    .map_or_else(|| "until it is released".into(), |minutes| format!("for {minutes} min"));
                format!("stops {whom} {long}")
            }
        }
    }
}

impl Program {
    fn read(config: &Config) -> Result<Program, String> {
        let path =
            config.program.clone().ok_or("program is missing: a command needs one, by its whole path")?;
        let bytes: usize = config.arguments.iter().map(String::len).sum();
        if config.arguments.len() > ARGUMENTS_MAX || bytes > ARGUMENTS_BYTES_MAX {
            return Err(format!(
                "it has more than {ARGUMENTS_MAX} arguments, or {ARGUMENTS_BYTES_MAX} bytes of them"
            ));
        }
        if config.arguments.iter().any(|argument| argument.contains('\0')) {
            return Err("an argument has a zero byte".into());
        }
        let timeout = config.timeout.map_or(TIMEOUT, |length| Duration::from_micros(length.0.unsigned_abs()));
        if timeout > TIMEOUT_MAX {
            return Err(format!("timeout is longer than {} s", TIMEOUT_MAX.as_secs()));
        }
        check(&path)?;
        Ok(Program { path, arguments: config.arguments.clone(), timeout })
    }

    pub(super) fn words(&self) -> String {
        std::iter::once(self.path.display().to_string())
            .chain(self.arguments.iter().cloned())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Whether a program may be run: looked at when the configuration is read, and again before each run.
///
/// # Errors
/// Why not.
pub(super) fn check(path: &Path) -> Result<(), String> {
    let shown = path.display();
    if !path.is_absolute() {
        return Err(format!("program \"{shown}\" is no whole path, expected such as /usr/local/bin/isolate"));
    }
    let found = std::fs::metadata(path).map_err(|error| format!("program \"{shown}\": {error}"))?;
    let mode = found.permissions().mode();
    if !found.is_file() || mode & 0o111 == 0 {
        return Err(format!("program \"{shown}\" is no file that can be run"));
    }
    if mode & 0o002 != 0 {
        return Err(format!(
            "program \"{shown}\" can be changed by everybody on this machine: take that away first"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let config: Config = toml::from_str(text).map_err(|error| error.to_string())?;
        Configured::read(&config).map(|found| found.to())
    }

    #[test]
    fn what_is_wrong_is_said_and_what_is_right_is_shown_without_secrets() {
        let hook = "kind = \"webhook\"\nwebhook = {url = \"https://soar.example/in/T0ken\", secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"}";
        assert_eq!(read(hook).unwrap(), "soar.example");
        assert_eq!(read("kind = \"stop_agent\"\nminutes = 30").unwrap(), "stops the agent for 30 min");
        assert_eq!(
            read("kind = \"command\"\nprogram = \"/bin/sh\"\narguments = [\"-n\"]").unwrap(),
            "/bin/sh -n"
        );
        for (text, why) in [
            ("", "kind is missing"),
            ("kind = \"sms\"", "unknown variant"),
            ("kind = \"command\"", "program is missing"),
            ("kind = \"command\"\nprogram = \"sh\"", "no whole path"),
            ("kind = \"command\"\nprogram = \"/no/such\"", "No such file"),
            ("kind = \"command\"\nprogram = \"/etc\"", "no file that can be run"),
            ("kind = \"command\"\nprogram = \"/bin/sh\"\ntimeout = \"2h\"", "longer than 600 s"),
            ("kind = \"stop_agent\"\nprogram = \"/bin/sh\"", "program is for kind \"command\""),
            ("kind = \"stop_agent\"\nminutes = 0", "1 or more"),
            ("kind = \"webhook\"\nwebhook = {url = \"https://soar.example\"}", "secret is missing"),
            ("kind = \"stop_agent\"\nshell = true", "unknown field"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_program_that_everybody_may_change_is_not_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        std::fs::write(&path, "#!/bin/sh\n").unwrap();
        let set = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        set(0o755);
        assert_eq!(check(&path), Ok(()));
        set(0o757);
        assert!(check(&path).unwrap_err().contains("changed by everybody"));
        set(0o644);
        assert!(check(&path).unwrap_err().contains("no file that can be run"));
    }
}
