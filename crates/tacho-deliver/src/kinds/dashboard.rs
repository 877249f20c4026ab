//! The dashboard: alerts are there as they are raised, so nothing is sent. A receiver names it to say that this is meant.

use super::{Form, Forms, Step, Telling};
use crate::secret::Secret;
use crate::settings::strict;
use crate::verdict::Verdict;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dashboard {}

pub(super) fn read(settings: Map<String, Value>) -> Forms {
    Ok(vec![Arc::new(strict::<Dashboard>(settings)?)])
}

impl Form for Dashboard {
    fn to(&self) -> String {
        "the dashboard".into()
    }

    fn secrets(&self) -> Vec<&Secret> {
        Vec::new()
    }

    fn step(&self, _: &Telling<'_>) -> Step {
        Step::End(Verdict::delivered(None))
    }

    fn reaches_people(&self) -> bool {
        false
    }
}
