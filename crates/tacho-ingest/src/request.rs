//! The request that an event came in, as the event's own context.
//!
//! Invariant: only an event that came alone is taken for the sender's own. What comes in an array or as lines was
//! gathered by somebody, whose address is not where it happened.

use crate::body::lines;
use tacho_event::event::Event;

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub struct Context<'r> {
    pub ip: Option<&'r str>,
    pub user_agent: Option<&'r str>,
    /// Whether an event that names a user gets it as well.
    pub of_users: bool,
}

impl Context<'_> {
    /// Completes an event that says nothing of its context; whether it did.
    pub(crate) fn complete(&self, events: &mut [Event<'_>]) -> bool {
        let [event] = events else { return false };
        let says = event.ip.is_some() || event.user_agent.is_some();
        if says || event.user.is_some() && !self.of_users {
            return false;
        }
        event.ip = self.ip.map(|ip| ip.to_owned().into());
        event.user_agent = self.user_agent.map(|agent| agent.to_owned().into());
        event.ip.is_some() || event.user_agent.is_some()
    }
}

/// Whether a body is one object and nothing else.
pub fn is_alone(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{') && lines(body, None).nth(1).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_is_alone_and_lists_are_not() {
        for (body, want) in [
            ("{\"a\":1}", true),
            (" {\"a\":1}\n", true),
            ("{\n \"a\": 1\n}\n", true),
            ("{\"a\":1}\n{\"a\":2}", false),
            ("[{\"a\":1}]", false),
            ("", false),
            ("2026-01-01 INFO x", false),
        ] {
            assert_eq!(is_alone(body.as_bytes()), want, "{body:?}");
        }
    }

    #[test]
    fn what_an_event_says_of_its_context_stays_and_users_have_one_of_their_own() {
        let context = Context { ip: Some("192.0.2.7"), user_agent: Some("curl/8"), of_users: false };
        let complete = |context: &Context<'_>, event: Event<'static>| {
            let mut events = [event];
            context.complete(&mut events);
            let [event] = events;
            (event.ip, event.user_agent)
        };
        let own = (Some("192.0.2.7".into()), Some("curl/8".into()));
        assert_eq!(complete(&context, Event::default()), own);
        let told = Event { user_agent: Some("phone".into()), ..Event::default() };
        assert_eq!(complete(&context, told), (None, Some("phone".into())));
        let user = || Event { user: Some("ann".into()), ..Event::default() };
        assert_eq!(complete(&context, user()), (None, None));
        assert_eq!(complete(&Context { of_users: true, ..context }, user()), own);
        let mut two = [Event::default(), Event::default()];
        context.complete(&mut two);
        assert!(two.iter().all(|event| event.ip.is_none()));
    }
}
