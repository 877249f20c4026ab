//! The right answers of the queries, counted while the events are made.

use crate::Options;
use crate::draw::push_ts;
use crate::event::{Ev, Session};
use crate::words::AGENTS;
use std::fs::File;
use std::io::{self, Write};

/// Parameters and right answers of the queries.
#[derive(Default)]
pub(crate) struct Truth {
    pub(crate) event_id: String,
    pub(crate) session_id: String,
    pub(crate) session_events: u64,
    pub(crate) session_left: u64,
    pub(crate) needles: u64,
    pub(crate) sensitive: u64,
    pub(crate) by_status: [u64; 3],
    pub(crate) agent_events: u64,
    pub(crate) agent_micros: u64,
    q1: u64,
    q2: u64,
    q4: u64,
    q9: u64,
}

impl Truth {
    pub(crate) fn count(&mut self, o: &Options, n: u64, ss: &Session, e: &Ev) {
        let since = |ms: i64| e.ms >= o.end_ms - ms;
        if n == o.count / 2 {
            self.event_id = e.id.clone();
            self.session_id = ss.sid.clone();
        }
        if ss.sid == self.session_id {
            self.session_events = ss.total - ss.left;
            self.session_left = ss.left;
        }
        let failed = e.status == "failure";
        self.by_status[failed as usize + 2 * (e.status == "partial") as usize] += 1;
        if ss.agent == 0 {
            self.agent_events += 1;
            self.agent_micros += e.tin * 3 + e.tout * 15;
            self.q1 += since(3_600_000) as u64;
        }
        self.q9 += since(86_400_000) as u64;
        self.q2 += (since(86_400_000) && failed) as u64;
        self.sensitive += e.sens as u64;
        self.q4 += (since(7 * 86_400_000) && e.sens) as u64;
        self.needles += (n % 200_003 == 77_777) as u64;
    }

    pub(crate) fn write(&self, o: &Options, bytes: u64) -> io::Result<()> {
        let mut f = File::create(&o.truth)?;
        let mut end = String::new();
        push_ts(&mut end, o.end_ms);
        let Options { count, seed, end_ms, days, .. } = o;
        let Truth {
            event_id,
            session_id,
            session_events,
            session_left,
            needles,
            sensitive,
            q1,
            q2,
            q4,
            q9,
            ..
        } = self;
        let [success, failure, partial] = self.by_status;
        writeln!(
            f,
            "{{\"count\":{count},\"seed\":{seed},\"bytes\":{bytes},\"end_ms\":{end_ms},\"end\":\"{end}\",\"days\":{days},"
        )?;
        writeln!(
            f,
            " \"agent\":\"{}\",\"event_id\":\"{event_id}\",\"session_id\":\"{session_id}\",",
            AGENTS[0]
        )?;
        writeln!(
            f,
            " \"phrase\":\"zebrafish quarantine\",\"session_events\":{session_events},\"session_left\":{session_left},"
        )?;
        writeln!(f, " \"needles\":{needles},\"sensitive_total\":{sensitive},")?;
        writeln!(f, " \"q1_total\":{q1},\"q2_total\":{q2},\"q4_total\":{q4},\"q9_total\":{q9},")?;
        let dollars = self.agent_micros as f64 / 1e6;
        writeln!(f, " \"agent_events\":{},\"agent_cost_usd\":{dollars:.6},", self.agent_events)?;
        writeln!(f, " \"by_status\":{{\"success\":{success},\"failure\":{failure},\"partial\":{partial}}}}}")
    }
}
