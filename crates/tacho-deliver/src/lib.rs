//! Notification channels: what a message looks like in each vendor's form, what an answer means, and what people reply.
//!
//! `docs/guide/channels.md` tells the users' side. A new kind of channel is one file in `kinds/` and one line in
//! `kinds.rs`.
//!
//! Invariants
//! - Pure: no I/O, no clock, no randomness. The same message and answers give the same calls, byte for byte.
//! - Delivery is at least once: a retry carries the same id, so whoever can leave out a repetition does.
//! - What does not fit a vendor's limit is cut, and the text says so.
//! - No secret is in an error, in `Debug` or in a verdict.

pub mod bucket;
mod call;
mod channel;
pub mod digest;
pub mod heartbeat;
pub mod held;
pub mod inbound;
mod kinds;
mod message;
mod outline;
mod secret;
mod settings;
mod signed;
mod verdict;

pub use call::{Answer, Call, Login, Mail, Request, Security};
pub use channel::{Channel, ReadError, read};
pub use kinds::{KINDS, Kind, Step, Telling};
pub use message::{Links, Message, Notice, Told};
pub use secret::{Kept, Secret};
pub use settings::TEMPLATED;
pub use signed::SignedHook;
pub use verdict::Verdict;

use tacho_alert::notify::LabelSet;
