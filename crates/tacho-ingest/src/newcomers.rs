//! How many data subjects a credential may bring in a day. Each new one costs a secret in the key ring that stays until
//! it is erased, so a sender that invents one for each event must not be able to grow the ring without bound.
//!
//! Locks: one, for the time of one look.
//!
//! Limits: one counter for each credential that brought somebody today. A restart begins to count anew.

use crate::fields::Refused;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tacho_event::time::Day;

/// New data subjects of a credential in a day, if nothing else is said.
pub const A_DAY_MAX: u32 = 10_000;

/// Counts the data subjects that each credential brought today.
#[derive(Debug)]
pub struct Newcomers {
    a_day_max: u32,
    today: Mutex<(Day, HashMap<[u8; 8], u32>)>,
}

impl Newcomers {
    /// Lets every credential bring so many in a day, UTC; 0 is without limit.
    pub fn new(a_day_max: u32) -> Newcomers {
        Newcomers { a_day_max, today: Mutex::new((Day(0), HashMap::new())) }
    }

    pub(crate) fn is_limited(&self) -> bool {
        self.a_day_max > 0
    }

    /// Counts a data subject that has no secret yet.
    ///
    /// # Errors
    /// [`Refused::NewUser`] when the credential has brought as many as it may.
    pub(crate) fn admit(&self, writer: [u8; 8], today: Day) -> Result<(), Refused> {
        // Plain numbers: a panic elsewhere leaves them whole.
        let mut counted = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.0 != today {
            *counted = (today, HashMap::new());
        }
        let count = counted.1.entry(writer).or_default();
        if self.is_limited() && *count >= self.a_day_max {
            return Err(Refused::NewUser { max: self.a_day_max });
        }
        *count += 1;
        Ok(())
    }
}

impl Default for Newcomers {
    fn default() -> Self {
        Newcomers::new(A_DAY_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_credential_has_its_own_count_and_each_day_begins_anew() {
        let newcomers = Newcomers::new(2);
        let admit = |writer: u8, day: i32| newcomers.admit([writer; 8], Day(day)).is_ok();
        assert!(admit(1, 7) && admit(1, 7) && !admit(1, 7));
        assert!(admit(2, 7), "another credential is not in its way");
        assert!(admit(1, 8) && admit(1, 8) && !admit(1, 8));
        assert!(Newcomers::new(0).admit([1; 8], Day(7)).is_ok(), "0 is without limit");
    }
}
