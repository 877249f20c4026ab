//! PostgreSQL's wire protocol, version 3, as a server speaks it: messages, types, values, session settings.
//!
//! Invariants
//! - Pure: bytes in, values out, and the other way round. Who is connected and what is asked is the caller's.
//! - Every length and count of a message is checked before anything is taken or set aside for it.

mod failure;
mod kind;
mod list;
mod message;
mod numeric;
mod parameter;
mod reply;
mod setting;
mod split;
mod value;

pub use failure::{Failure, code};
pub use kind::{Kind, Scalar};
pub use message::{Malformed, Message, Start, Target, message, start};
pub use parameter::decode;
pub use reply::{Column, Reply, State};
pub use setting::{Said, Settings, said};
pub use split::statements;
pub use value::{Format, Rows};
