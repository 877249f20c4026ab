//! SQL, search and sessions over a snapshot of the store.
//!
//! Invariants
//! - The only crate that names DataFusion, and nothing of DataFusion shows in its interface.
//! - Nothing here writes, reads a file that is not a segment, or talks to the network.

mod actions;
mod beneath;
mod caches;
mod calls;
mod catalog;
mod chosen;
mod complexity;
mod confine;
mod deadline;
mod encode;
mod engine;
mod error;
mod event;
mod expand;
mod fair;
mod first_step;
mod functions;
mod grammar;
mod growth;
mod guard;
mod heirs;
mod kept;
mod known;
mod lacking;
mod late;
mod lift;
mod meter;
mod moment;
mod names;
mod over;
mod phrases;
mod prune;
mod pruner;
mod question;
mod recall;
mod remember;
mod remembered;
mod rewrite;
mod rollups;
mod rows;
mod search;
mod session;
mod sieve;
mod sight;
mod slices;
mod sources;
mod sparse;
mod statement;
mod states;
mod summary;
mod summed;
mod table;
mod to_char;
mod told;
mod trunc;
mod views;
mod weigh;
mod weighted;
mod windows;
mod winners;
mod wire;

pub use caches::Cache;
pub use encode::{Encoder, Format};
pub use engine::{Answer, Engine, Limits, Load};
pub use error::{Kind, Position, QueryError};
pub use event::EventKey;
pub use moment::{HUNG_US, Moment};
pub use search::{LIMIT_DEFAULT, LIMIT_MAX, Page, Search};
pub use session::{Step, TIMELINE_EVENTS_MAX, Timeline, Totals};
pub use sight::Sight;
pub use views::AgentEdit;
pub use wire::{Shape, Statement, json_texts};
