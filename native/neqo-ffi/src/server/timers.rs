//! When connections want to be called again.

use std::{collections::BTreeSet, time::Instant};

/// One wake-up for each connection that wants one, in order. A connection that asks again replaces what it asked for before:
/// a heap that only forgets what is due would keep an idle timeout of half a minute for every short timer in front of it.
#[derive(Debug, Default)]
pub struct Timers {
    set: BTreeSet<(Instant, u32)>,
}

impl Timers {
    /// Sets the wake-up of a connection. `current`: the one it has, which the connection keeps for this call.
    pub fn set(&mut self, handle: u32, current: &mut Option<Instant>, at: Option<Instant>) {
        if *current == at {
            return;
        }
        if let Some(before) = current.take() {
            self.set.remove(&(before, handle));
        }
        if let Some(at) = at {
            self.set.insert((at, handle));
        }
        *current = at;
    }

    /// The connection whose wake-up is due.
    pub fn due(&self, now: Instant) -> Option<u32> {
        self.set
            .first()
            .filter(|(at, _)| *at <= now)
            .map(|(_, handle)| *handle)
    }

    pub fn next(&self) -> Option<Instant> {
        self.set.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Timers;

    #[test]
    fn a_connection_has_one_wake_up() {
        let now = Instant::now();
        let later = now + Duration::from_secs(30);
        let mut timers = Timers::default();
        let (mut first, mut second) = (None, None);
        for _ in 0..3 {
            timers.set(1, &mut first, Some(later));
            timers.set(1, &mut first, Some(now));
        }
        timers.set(2, &mut second, Some(now));
        assert_eq!(timers.due(now), Some(1));
        timers.set(1, &mut first, Some(later));
        assert_eq!(timers.due(now), Some(2));
        timers.set(2, &mut second, None);
        assert_eq!((timers.due(now), timers.next()), (None, Some(later)));
        timers.set(1, &mut first, None);
        assert_eq!(timers.next(), None);
    }
}
