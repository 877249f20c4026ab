//! Replies from outside: what somebody pressed, wrote or opened becomes an act on the alerts that the message told of.

use super::{Alerting, Inner, Refused, THREAD};
use crate::clock::{now_us, random};
use tacho_alert::notify::{Act, Raised};
use tacho_deliver::Message;
use tacho_deliver::inbound::link::{self, Link};
use tacho_deliver::inbound::{About, Refusal, Reply, What};
use tacho_store::alert_file::AlertChanges;

/// The kind of note that keeps the key of signed links; made once.
const LINK_KEY: &str = "link_key";
/// Signed links open so long.
const LINK_US: i64 = 7 * 86_400_000_000;

impl Alerting {
    /// Does what a reply says to each open alert of its thread, or to those of them that it names. `way` is how it came,
    /// such as `Slack`.
    ///
    /// # Errors
    /// When the thread is not known, none of its alerts is open, or it could not be kept.
    pub(crate) fn reply(
        &self,
        reply: &Reply,
        only: Option<&[String]>,
        way: &str,
    ) -> Result<Vec<Raised>, Refused> {
        let code = match &reply.about {
            About::Code(code) => code.as_str(),
            About::Thread(thread) => thread.get(..super::tell::CODE).unwrap_or(thread),
        };
        let alerts = self.inner.lock().told_by(code)?;
        let act = match reply.what {
            What::Acknowledge => Act::Acknowledge,
            What::Resolve => Act::Resolve,
            What::Snooze { minutes } => Act::Snooze { until_us: now_us() + i64::from(minutes) * 60_000_000 },
        };
        let by = format!("{} ({way})", reply.who);
        let mut done = Vec::new();
        let named = |id: &String| only.is_none_or(|only| only.contains(id));
        for id in alerts.into_iter().filter(named) {
            match self.act(&id, &act, &by, None) {
                Ok(raised) => done.push(raised),
                // It is over: nobody has to do anything about it.
                Err(Refused::Unknown(_)) => {}
                Err(other) => return Err(other),
            }
        }
        if done.is_empty() {
            return Err(Refused::Unknown("none of these alerts is open any more".into()));
        }
        Ok(done)
    }

    /// The open alerts of a thread.
    ///
    /// # Errors
    /// When the thread is not known, or it can't be read.
    pub(crate) fn shown(&self, code: &str) -> Result<Vec<Raised>, Refused> {
        let inner = self.inner.lock();
        let open = inner.told_by(code)?;
        Ok(open.iter().filter_map(|id| inner.desk.get(id)).cloned().collect())
    }

    /// What a signed link is about, when it is ours and has not expired.
    ///
    /// # Errors
    /// [`Refusal`] within when it is not; [`Refused`] when the key can't be read.
    pub(crate) fn link(&self, token: &str) -> Result<Result<Link, Refusal>, Refused> {
        let key = self.inner.lock().link_key()?;
        Ok(link::open(&key, token, now_us()))
    }
}

/// An alert in the words in which people were told of it.
pub(crate) fn told(raised: &Raised) -> &str {
    raised.alert.annotations.get("summary").unwrap_or(&raised.title)
}

impl Inner {
    /// The alerts that the messages of a code told of last.
    fn told_by(&self, code: &str) -> Result<Vec<String>, Refused> {
        #[derive(serde::Deserialize)]
        struct Thread {
            alerts: Vec<String>,
        }
        let note = self.file.note(THREAD, code).map_err(failed)?;
        let unknown = || Refused::Unknown("nothing was told under this code".into());
        let thread: Thread = serde_json::from_str(&note.ok_or_else(unknown)?).map_err(failed)?;
        Ok(thread.alerts)
    }

    /// Gives a message the link by which people without buttons acknowledge it.
    pub(super) fn sign(&mut self, message: &mut Message, url: &str, now_us: i64) {
        let expires_us = now_us + LINK_US;
        let link = Link { code: message.code.clone(), receiver: message.receiver.clone(), expires_us };
        match self.link_key() {
            Ok(key) => {
                let token = link::token(&key, &link);
                message.links.acknowledge = token.map(|token| format!("{url}/v1/replies/link/{token}"));
            }
            Err(error) => tracing::error!(?error, "a message goes out without its link to acknowledge"),
        }
    }

    fn link_key(&mut self) -> Result<[u8; 32], Refused> {
        if let Some(text) = self.file.note(LINK_KEY, LINK_KEY).map_err(failed)? {
            let bytes: Vec<u8> = serde_json::from_str(&text).map_err(failed)?;
            return bytes.try_into().map_err(|_| failed("the key of links has another length"));
        }
        let mut key = [0; 32];
        random(&mut key);
        let text = serde_json::to_string(&key.as_slice()).map_err(failed)?;
        let notes = vec![(LINK_KEY, LINK_KEY.to_string(), Some(text))];
        self.file.save(&AlertChanges { notes, ..AlertChanges::default() }).map_err(failed)?;
        Ok(key)
    }
}

fn failed(error: impl std::fmt::Display) -> Refused {
    Refused::Failed(error.to_string())
}
