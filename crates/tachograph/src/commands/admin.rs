//! `key` and `agents`: what people edit in the catalog. The recorder puts each edit on the log: a running server within
//! seconds, else the next one that opens the folder.

use super::{Arguments, Output, read};
use crate::clock::{now_us, random};
use crate::exit::Ended;
use crate::http::{Role, new_key};
use clap::Subcommand;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use tacho_event::time;
use tacho_store::catalog::{Agent, ApiKey, Catalog, Stamp};

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
        #[arg(long, default_value_t = 50_000)]
        rate: u32,
    },
    /// Lists the keys, never the secrets.
    List,
    /// Takes a key away; a running server notices within seconds.
    Revoke { id: String },
}

#[derive(Subcommand)]
pub(super) enum AgentCommand {
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
        KeyCommand::Create { name, .. } if name.trim().is_empty() => {
            return Err(Ended::usage("a key needs a name: who or what will use it?"));
        }
        KeyCommand::Create { name, role, agent, rate } => {
            let (mut secret, mut id) = ([0; 32], [0; 4]);
            random(&mut secret);
            random(&mut id);
            let (text, hash) = new_key(secret);
            let stamp = stamp();
            let key = ApiKey {
                id: format!("{:08x}", u32::from_be_bytes(id)),
                name: name.clone(),
                role: role.as_str().to_string(),
                agent: agent.clone(),
                hash,
                rate_per_second: Some(*rate).filter(|rate| *rate > 0),
                created_us: stamp.at_us,
                last_used_us: None,
                revoked_us: None,
            };
            catalog.insert_key(&key, &stamp)?;
            writeln!(std::io::stdout(), "{text}")?;
            eprintln!("This key is shown once. Use it as: Authorization: Bearer KEY");
        }
        KeyCommand::List => {
            let mut table = read::table(&["id", "name", "role", "agent", "events/s", "created", "revoked"]);
            for key in catalog.keys()? {
                let rate = key.rate_per_second.map_or("unlimited".to_string(), |rate| rate.to_string());
                let revoked = key.revoked_us.map(time::format).unwrap_or_default();
                let agent = key.agent.unwrap_or_default();
                table.add_row([
                    key.id,
                    key.name,
                    key.role,
                    agent,
                    rate,
                    time::format(key.created_us),
                    revoked,
                ]);
            }
            writeln!(std::io::stdout(), "{table}")?;
        }
        KeyCommand::Revoke { id } => {
            if !catalog.revoke_key(id, &stamp())? {
                let why = format!("there is no active key {id}: tachograph key list shows them");
                return Err(Box::new(Ended::Absent(why)));
            }
            writeln!(std::io::stdout(), "{id} is revoked")?;
        }
    }
    Ok(true)
}

/// Of an edit that is made now.
fn stamp() -> Stamp {
    let mut salt = [0; 32];
    random(&mut salt);
    Stamp { at_us: now_us(), salt }
}

pub(super) fn agents(arguments: &Arguments, command: &AgentCommand) -> Result<bool, Box<dyn Error>> {
    match command {
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
            catalog.put_agent(&agent, &stamp())?;
            writeln!(std::io::stdout(), "{id} is in the registry")?;
            Ok(true)
        }
    }
}
