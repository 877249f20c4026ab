//! `key` and `agents`: what people edit in the catalog. The recorder puts each edit on the log: a running server within
//! seconds, else the next one that opens the folder.

use super::{Arguments, Output, read};
use crate::clock::now_us;
use crate::exit::Ended;
use crate::http::Role;
use crate::keys::{self, Limits, RATE_USUAL, Wish};
use clap::Subcommand;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use tacho_event::time;
use tacho_store::catalog::{Agent, Catalog};

#[derive(Subcommand)]
pub(super) enum KeyCommand {
    /// Makes a key and prints it once.
    Create {
        /// Who or what will use it.
        name: String,
        #[arg(long, value_enum, default_value_t = Role::Write)]
        role: Role,
        /// The agent that events without one belong to.
        #[arg(long)]
        agent: Option<String>,
        /// Events per second that it may send; 0 is without limit.
        #[arg(long, default_value_t = RATE_USUAL)]
        rate: u32,
        /// Sees only events that name this user (role viewer).
        #[arg(long, conflicts_with_all = ["agents", "teams"])]
        user: Option<String>,
        /// Sees only events of these agents (role viewer), separated by commas.
        #[arg(long, value_delimiter = ',')]
        agents: Vec<String>,
        /// Sees only events of agents that the registry has in these teams (role viewer), separated by commas.
        #[arg(long, value_delimiter = ',')]
        teams: Vec<String>,
    },
    /// Lists the keys, never the secrets.
    List,
    /// Takes a key away; a running server notices within seconds.
    Revoke { id: String },
}

#[derive(Subcommand)]
pub(super) enum AgentCommand {
    #[command(flatten)]
    Stopping(super::responses::Stopping),
    /// Lists the agents that were seen or declared.
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Declares or edits an agent.
    Set {
        id: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        team: Option<String>,
        #[arg(long)]
        version: Option<String>,
        /// The agent that this id is another name of.
        #[arg(long)]
        alias_of: Option<String>,
        /// Whether it is expected to be seen.
        #[arg(long)]
        expected: Option<bool>,
        #[arg(long)]
        note: Option<String>,
    },
}

pub(super) fn key(data: &Path, command: &KeyCommand) -> Result<bool, Box<dyn Error>> {
    std::fs::create_dir_all(data).map_err(|e| format!("cannot create {}: {e}", data.display()))?;
    let catalog = Catalog::open(&data.join("catalog.sqlite"))?;
    match command {
        KeyCommand::Create { name, role, agent, rate, user, agents, teams } => {
            let limits = Limits { user: user.clone(), agents: agents.clone(), teams: teams.clone() };
            let (name, agent) = (name.clone(), agent.clone());
            let wish = Wish { name, role: *role, agent, rate: *rate, limits };
            let stamp = keys::stamp(now_us());
            let made = keys::make(wish, stamp.at_us).map_err(Ended::usage)?;
            catalog.insert_key(&made.row, &stamp)?;
            writeln!(std::io::stdout(), "{}", made.text)?;
            eprintln!("This key is shown once. Use it as: Authorization: Bearer KEY");
            eprintln!("A server that runs already takes it within two seconds.");
        }
        KeyCommand::List => {
            let mut table =
                read::table(&["id", "name", "role", "sees", "agent", "events/s", "created", "revoked"]);
            for key in catalog.keys()? {
                let rate = key.rate_per_second.map_or("unlimited".to_string(), |rate| rate.to_string());
                let revoked = key.revoked_us.map(time::format).unwrap_or_default();
                let agent = key.agent.unwrap_or_default();
                table.add_row([
                    key.id,
                    key.name,
                    Role::parse(&key.role).map_or(key.role, |role| role.as_str().to_string()),
                    key.limits.unwrap_or_default(),
                    agent,
                    rate,
                    time::format(key.created_us),
                    revoked,
                ]);
            }
            writeln!(std::io::stdout(), "{table}")?;
        }
        KeyCommand::Revoke { id } => {
            if !catalog.revoke_key(id, &keys::stamp(now_us()))? {
                let why = format!("there is no active key {id}: tachograph key list shows them");
                return Err(Box::new(Ended::Absent(why)));
            }
            writeln!(std::io::stdout(), "{id} is revoked")?;
        }
    }
    Ok(true)
}

pub(super) fn agents(arguments: &Arguments, command: &AgentCommand) -> Result<bool, Box<dyn Error>> {
    match command {
        AgentCommand::Stopping(command) => super::responses::stopping(arguments, command),
        AgentCommand::List { output } => {
            read::sql(arguments, "SELECT * FROM agents ORDER BY last_seen DESC NULLS LAST", output.format)
        }
        AgentCommand::Set { id, name, team, version, alias_of, expected, note } => {
            let catalog = Catalog::open(&arguments.data.join("catalog.sqlite"))?;
            let mut agent = catalog
                .agents()?
                .into_iter()
                .find(|agent| agent.id == *id)
                .unwrap_or_else(|| Agent { id: id.clone(), ..Agent::default() });
            let edits = [
                (&mut agent.name, name),
                (&mut agent.team, team),
                (&mut agent.version, version),
                (&mut agent.alias_of, alias_of),
                (&mut agent.note, note),
            ];
            for (kept, edit) in edits {
                if edit.is_some() {
                    kept.clone_from(edit);
                }
            }
            agent.expected = expected.unwrap_or(agent.expected);
            catalog.put_agent(&agent, &keys::stamp(now_us()))?;
            writeln!(std::io::stdout(), "{id} is in the registry")?;
            Ok(true)
        }
    }
}
