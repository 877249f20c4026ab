//! Where the lines of timelines stand on the log: known once their events are recorded, and kept from then on.
//!
//! Invariant: an incident that is closed is kept at hand until every line of it has its place.

use super::body::Incident;
use super::incidents::Incidents;
use super::line::{Entry, Line};
use std::collections::HashMap;

impl Line {
    fn is_placed(&self) -> bool {
        self.event.is_none() || self.entry.is_some()
    }
}

impl Incident {
    pub fn is_placed(&self) -> bool {
        self.timeline.iter().all(Line::is_placed)
    }
}

impl Incidents {
    /// Ids of events whose places are not known yet, and a limit of them.
    pub fn unplaced(&self, limit: usize) -> Vec<String> {
        let incidents = self.unplaced.iter().filter_map(|id| self.known(id));
        let lines = incidents.flat_map(|incident| incident.timeline.iter());
        let open = lines.filter(|line| !line.is_placed()).filter_map(|line| line.event.clone());
        open.take(limit).collect()
    }

    /// Takes places on the log, by the ids of events.
    pub fn place(&mut self, places: &HashMap<String, Entry>) {
        let ids: Vec<String> = self.unplaced.iter().cloned().collect();
        for id in ids {
            let found = match self.open.get_mut(&id) {
                Some(open) => Some(open),
                None => self.leaving.get_mut(&id),
            };
            let Some(incident) = found else { continue };
            for line in incident.timeline.iter_mut().filter(|line| line.entry.is_none()) {
                let place = line.event.as_ref().and_then(|event| places.get(event));
                if let Some(entry) = place {
                    line.entry = Some(entry.clone());
                    self.changed.insert(id.clone());
                }
            }
        }
    }
}
