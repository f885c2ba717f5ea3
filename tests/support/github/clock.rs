//! GitHub's clock, in the hands of the test.

use chrono::{DateTime, SubsecRound, TimeDelta, TimeZone, Utc};

/// A clock that stands still until it is advanced.
#[derive(Debug, Clone, Copy)]
pub struct Clock(DateTime<Utc>);

impl Clock {
    /// 5 January 2026, 09:00 UTC, a Monday.
    pub fn fixed() -> Self {
        Self(Utc.with_ymd_and_hms(2026, 1, 5, 9, 0, 0).unwrap())
    }

    /// Starts at the time of the machine.
    pub fn real() -> Self {
        Self(Utc::now().trunc_subsecs(0))
    }

    pub fn now(self) -> DateTime<Utc> {
        self.0
    }

    pub fn advance(&mut self, seconds: i64) {
        self.0 += TimeDelta::seconds(seconds);
    }
}
