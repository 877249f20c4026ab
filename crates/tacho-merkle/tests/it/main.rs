//! Tests of the crate as its users see it, with judges that we did not write.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod commit;
mod notes;
mod oracle;
mod props;
mod support;
mod trees;
