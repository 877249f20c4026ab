//! Incidents: alerts that belong together, what changed before, who takes care, and what is written afterwards.
//!
//! `docs/guide/incidents.md` tells the users' side.
//!
//! Invariants
//! - Pure, in virtual time: alerts, steps of people and moments go in; incidents, and what is to be said on the log, come out.
//! - An incident's id follows from its first alert alone. Which alerts form an incident does not depend on the order in
//!   which those of one instant come.
//! - Each line of a timeline names the event of the log that it is from.

mod body;
mod burst;
mod cause;
mod clock;
mod course;
mod document;
mod entity;
mod figures;
mod gather;
mod group;
mod hand;
mod incidents;
mod line;
mod pdf;
mod place;
mod plot;
mod post_mortem;
mod running;
mod state;
mod step;

pub use body::{Answer, Checked, Contained, FollowUp, Incident, Link, Member, Saying, Settings};
pub use cause::{Cause, Change, Kind as ChangeKind, suggest};
pub use clock::ITSELF;
pub use document::Document;
pub use entity::{Entity, Kind as EntityKind, Witness};
pub use figures::{Figures, figures};
pub use group::{End, Incoming};
pub use hand::New;
pub use incidents::Incidents;
pub use line::{Entry, Kind as LineKind, Line};
pub use plot::Plot;
pub use post_mortem::{Proof, post_mortem};
pub use running::{Ended, RUNNING};
pub use state::{Next, State};
pub use step::Step;
