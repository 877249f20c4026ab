//! Who is silent: groups that were there, or are expected, and had no event for the length of the window.

use crate::alert::{Alert, State, Truth};
use crate::run::{Now, Run, labelled, remember};
use crate::sequence::Chain;
use crate::term::Source;
use crate::transition::Seen;
use crate::value::Value;

impl Run {
    /// Somebody was there.
    pub(crate) fn present(
        &mut self,
        by: &[usize],
        expected: bool,
        source: &dyn Source,
        seen: Seen,
        now: &Now<'_>,
    ) {
        let keys = || by.iter().map(|at| source.column(*at));
        if keys().any(|key| key.is_null()) {
            return;
        }
        let names = &self.compiled.after.names;
        let made =
            || Chain::silent(names, by.iter().map(|at| source.column(*at).owned()).collect(), seen.time_us);
        let sample = self.rule.sample;
        if let Some(chain) = self.chains.of(keys(), made) {
            chain.heard(seen, sample);
            chain.heard_us = now.heard_us;
        } else if expected {
            self.health.refused += 1;
        }
    }

    pub(crate) fn tick_absent(&mut self, keys: usize, expect: Option<&str>, at_us: i64, now: &mut Now<'_>) {
        let wanted = expect.map(|set| now.sets.get(set).cloned().unwrap_or_default());
        for name in wanted.iter().flatten() {
            let key = || std::iter::once(Value::Text(name.as_str().into()));
            let (names, began) = (&self.compiled.after.names, self.began_us.unwrap_or(at_us));
            // Never seen: silent since the rule began to look.
            self.chains.of(key(), || Chain::silent(names, key().map(Value::owned).collect(), began));
        }
        let mut chains = self.chains.lend();
        for chain in chains.iter_mut() {
            self.judge_silent(chain, keys, wanted.as_deref(), at_us, now);
        }
        let oldest = at_us - self.rule.history_us;
        chains.retain(|chain| {
            chain.alert.state != State::Inactive || chain.alert.is_over || chain.last_us() > oldest
        });
        self.chains = chains;
    }

    fn judge_silent(
        &mut self,
        chain: &mut Chain,
        keys: usize,
        wanted: Option<&[String]>,
        at_us: i64,
        now: &mut Now<'_>,
    ) {
        let (last, silent) = (chain.last_us(), at_us - chain.last_us());
        let mut values = chain.keys().to_vec();
        values.extend([Value::Number(last as f64), Value::Number(silent as f64)]);
        let expected = match wanted {
            Some(names) => names.iter().any(|name| chain.keys()[0].as_text() == Some(name)),
            None => silent <= self.rule.history_us,
        };
        // The half-open window before the instant holds no event.
        let held = expected
            && silent > self.rule.window_us
            && crate::source::holds(&self.compiled.after.steps, &mut values, &[]);
        let truth = if held { Truth::Holds } else { Truth::Not };
        let mut alert: Alert = chain.alert;
        if let Some(change) = alert.step(at_us, truth, chain.heard_us, self.patience()) {
            let named = self.compiled.after.names.iter().cloned().zip(values).skip(keys).collect();
            let window = (at_us - self.rule.window_us, at_us);
            self.tell(change, &alert, chain.labels(), named, window, chain.evidence(), now);
        }
        chain.alert = alert;
    }
}

impl Chain {
    fn silent(names: &[String], keys: Vec<Value<'static>>, since_us: i64) -> Chain {
        Chain::new(labelled(names, &keys), keys, since_us)
    }

    fn heard(&mut self, seen: Seen, sample: usize) {
        self.touch(seen.time_us);
        remember(self.seen_mut(), seen, sample.min(1));
    }
}
