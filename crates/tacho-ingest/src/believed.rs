//! How far a line is believed.

use crate::accept::Sender;
use crate::fields::Fields;
use crate::ingest::Options;
use tacho_event::words::Known;

/// A line of history that says of itself that an agent reported it is that agent's word with all
/// that it holds: an agent may give its report the shape of any format, and events within events.
pub(crate) fn believed<'s>(text: &str, sender: &Sender<'s>, options: &Options<'_>) -> Sender<'s> {
    let own = Known::SelfReported.as_str();
    let limits = options.limits();
    let is_own = sender.known == Known::Imported
        && memchr::memmem::find(text.as_bytes(), own.as_bytes()).is_some()
        && Fields::within(text, limits.line_bytes, limits.fields)
            .is_ok_and(|fields| fields.get_text("known").as_deref() == Some(own));
    let known = if is_own { Known::SelfReported } else { sender.known };
    Sender { known, sees_hooks: sender.sees_hooks && !is_own, ..sender.clone() }
}
