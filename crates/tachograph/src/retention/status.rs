//! What there is by age, and what waits to go.

use super::subject::leaving_secrets;
use crate::node::Node;
use tacho_event::time::DAY_US;
use tacho_event::words::Class;
use tacho_store::StoreError;

/// How long what is kept, and what there is.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Status {
    /// Days up to which events are hot, and warm.
    pub hot_days: u32,
    pub warm_days: u32,
    /// Days that section `who` is kept.
    pub personal_days: u32,
    /// Days that each class is kept.
    pub classes: Vec<KeptClass>,
    /// Segments by the age of their newest event.
    pub tiers: Vec<Tier>,
    pub holds: u64,
    /// Erasures that a legal hold or a fault keeps from their end.
    pub erasures_waiting: u64,
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct KeptClass {
    pub class: &'static str,
    pub days: u32,
}

/// Segments of one age.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Tier {
    /// `hot`, `warm` or `cold`.
    pub tier: &'static str,
    pub segments: u64,
    pub entries: u64,
    pub bytes: u64,
}

/// # Errors
/// When the catalog cannot be read.
pub(crate) fn of(node: &Node) -> Result<Status, StoreError> {
    let ages = node.removals().ages;
    Ok(Status {
        hot_days: ages.hot,
        warm_days: ages.warm,
        personal_days: ages.personal,
        classes: Class::ALL
            .iter()
            .map(|class| KeptClass { class: class.as_str(), days: ages.of(*class) })
            .collect(),
        tiers: tiers(node).into(),
        holds: node.store().catalog().holds()?.len() as u64,
        erasures_waiting: leaving_secrets(node).len() as u64,
    })
}

/// Hot, warm and cold.
pub(crate) fn tiers(node: &Node) -> [Tier; 3] {
    let (ages, now_us) = (node.removals().ages, node.now_us());
    let mut tiers = ["hot", "warm", "cold"].map(|tier| Tier { tier, segments: 0, entries: 0, bytes: 0 });
    for segment in &node.store().snapshot().segments {
        let days = now_us.saturating_sub(segment.time_max) / DAY_US;
        let at = if days < i64::from(ages.hot) { 0 } else { 1 + usize::from(days >= i64::from(ages.warm)) };
        tiers[at].segments += 1;
        tiers[at].entries += segment.rows;
        tiers[at].bytes += segment.bytes;
    }
    tiers
}
