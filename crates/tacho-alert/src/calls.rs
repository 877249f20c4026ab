//! What is concluded of calls that several tell of, as far as what is open needs it.
//!
//! Events that are read one by one say which id a call has, not which of the calls under this id is meant, and not that a turn
//! ended without an answer. Whoever joins events knows both: who asks it says of a call what the table `actions` says.

/// What is known by now of the events that tell of calls.
pub trait Calls: std::fmt::Debug + Send + Sync {
    /// The action that an event belongs to; nothing while that is not known.
    fn action(&self, index: u64) -> Option<u64>;
    /// Whether the call that an event stands for is over; nothing where another event stands for the call, or where no more
    /// is known than the event itself says.
    fn is_over(&self, index: u64) -> Option<bool>;
}
