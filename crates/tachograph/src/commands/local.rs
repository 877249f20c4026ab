//! Commands that ask no server. One that is named to them is refused: else what is of this machine would pass for that
//! server's, and a key would be made where nobody meant it.

use super::admin::AgentCommand;
use super::alerts::Alerts;
use super::rules::Rules;
use super::{Arguments, Command};
use crate::exit::Ended;
use std::error::Error;

impl Command {
    /// What a command works on in place of a server; nothing where it asks the one that is named, or only shows what it
    /// would ask.
    fn works_on(&self) -> Option<&'static str> {
        match self {
            Command::Demo { .. } | Command::Serve(_) => {
                Some("it is the server, on a data folder of this machine (--data, --listen)")
            }
            Command::Key { .. } => Some(
                "keys are made in the server's own data folder: run it there with --data, or ask the server at /v1/keys",
            ),
            Command::Agents { command: AgentCommand::Set { .. } } => {
                Some("the registry is edited in the server's own data folder: run it there with --data")
            }
            Command::Keys => Some("it reads the data folder of this machine (--data)"),
            Command::Dashboards { .. } => Some(
                "it reads the data folder of this machine (--data); a server tells its own at /v1/dashboards",
            ),
            Command::Rules { command: Rules::Replay { .. } } => None,
            Command::Rules { .. } | Command::Alerts { command: Alerts::SendTest(_) } => {
                Some("it reads files of this machine")
            }
            Command::Verify { proof: Some(_), .. } => Some("a proof is checked alone"),
            Command::Openapi => {
                Some("it prints this program's own document; a server's is at /v1/openapi.json")
            }
            _ => None,
        }
    }
}

/// Refuses a server that a command would not ask.
///
/// # Errors
/// There is one, and it would not be asked.
pub(super) fn refuse_unasked(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    match (&arguments.server, arguments.command.works_on()) {
        (Some(server), Some(instead)) => {
            Err(Ended::usage(format!("--server {server} would not be asked: {instead}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::run;
    use clap::{CommandFactory, Parser};

    const SERVER: &str = "127.0.0.1:1";

    const PIN: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    /// Every command as somebody may type it; FILE is there, PIN is a key.
    const TYPED: &str = "demo; serve; import FILE; sql SELECT; query events; rules list; rules lint FILE; rules test FILE; \
        rules explain; rules format FILE; rules replay; rules import --from sigma FILE; rules export --to sigma FILE; \
        rules routing check FILE; rules routing import FILE; rules routing test a=b; \
        alerts send-test --routing FILE --receiver team; alerts list; alerts show ID; alerts acknowledge ID; \
        alerts snooze --minutes 5 ID; alerts assign --to bo ID; alerts resolve ID; \
        alerts silence a=b --minutes 5 --comment why; alerts approve ID; alerts deliveries; alerts recompute; alerts oncall; \
        alerts override ops bo --minutes 5 --comment why; alerts maintenance a=b --minutes 5 --comment why; \
        incidents list; incidents show ID; incidents post-mortem ID; incidents open title; \
        incidents attach --event 1 ID; incidents detach --event 1 ID; incidents merge --into OTHER ID; \
        incidents move --to mitigated ID; incidents note ID text; incidents role ID lead bo; incidents contain ID text; \
        incidents follow-up ID text; incidents report; responses list; responses run --alert ID NAME; responses show ID; \
        responses approve ID; responses decline ID; search word; coverage; costs; tail; show ID; prove ID; verify --pin PIN; \
        verify --proof FILE; reports list; reports make daily; reports kept FILE; dashboards list; dashboards show executive; \
        dashboards export executive; keys; entries; key create NAME; key list; key revoke ID; \
        agents stop --reason why ID; agents release ID; agents stopped; agents list; agents set ID; subject export bo; \
        subject erase bo --yes; hold set ID; hold list; hold release ID; retention show; retention run; capacity; doctor; \
        openapi";

    /// The names of the commands that have none below: `rules routing check`.
    fn leaves(command: &clap::Command, before: &str, found: &mut Vec<String>) {
        for one in command.get_subcommands() {
            let name = format!("{before}{}", one.get_name());
            match one.has_subcommands() {
                true => leaves(one, &format!("{name} "), found),
                false => found.push(name),
            }
        }
    }

    #[test]
    fn a_server_that_is_named_is_asked_or_refused_by_every_command() {
        let dir = tempfile::tempdir().unwrap();
        let [data, file] = ["data", "file"].map(|name| dir.path().join(name));
        std::fs::write(&file, "{}\n").unwrap();
        let mut untyped = Vec::new();
        leaves(&Arguments::command(), "", &mut untyped);
        for typed in TYPED.split("; ").map(str::trim) {
            untyped.retain(|name| typed != name && !typed.starts_with(&format!("{name} ")));
            let file = file.to_str().unwrap();
            let words = typed.split_whitespace().map(|word| match word {
                "FILE" => file,
                "PIN" => PIN,
                word => word,
            });
            let words =
                ["tachograph", "--server", SERVER, "--data", data.to_str().unwrap()].into_iter().chain(words);
            let arguments =
                Arguments::try_parse_from(words).unwrap_or_else(|error| panic!("{typed}: {error}"));
            match run(&arguments) {
                Err(error) => assert!(error.to_string().contains(SERVER), "{typed}: {error}"),
                Ok(is_good) => assert!(typed == "doctor" && !is_good, "{typed}: went on without its server"),
            }
            assert!(!data.exists(), "{typed}: made a folder");
        }
        assert_eq!(untyped, [""; 0], "try these here, too");
    }
}
