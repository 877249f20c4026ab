//! SQL, search and sessions over a snapshot of the store.
//!
//! Invariants
//! - The only crate that names DataFusion, and nothing of DataFusion shows in its interface.
//! - Nothing here writes, reads a file that is not a segment, or talks to the network.

mod catalog;
mod complexity;
mod confine;
mod engine;

mod encode;
mod error;
mod event;
mod fair;
mod functions;
mod grammar;
mod growth;
mod guard;
mod prune;
mod rewrite;
mod rows;
mod search;
mod session;
mod slices;
mod statement;
mod summary;
mod table;
mod to_char;
mod views;
mod weigh;

pub use encode::{Encoder, Format};
pub use engine::{Answer, Engine, Limits};
pub use error::{Kind, Position, QueryError};
pub use event::EventKey;
pub use search::{LIMIT_DEFAULT, LIMIT_MAX, Page, Search};
pub use session::{Step, TIMELINE_EVENTS_MAX, Timeline, Totals};
pub use views::AgentEdit;
