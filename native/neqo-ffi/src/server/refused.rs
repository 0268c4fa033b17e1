//! Who was refused just now.
//!
//! A client may answer a refusal (RFC 9000 10.2.3), to its own connection id or to that of the refusal. Nothing is kept of it, so
//! its answer would begin another connection.

use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, Instant},
};

use super::connection_ids::Key;

/// A client that has not heard the refusal sends its Initial again after about a second (RFC 9002 6.2.2); that is answered.
const TIME: Duration = Duration::from_millis(500);
/// A flood must not fill memory.
const MAX: usize = 4096;

#[derive(Debug, Default)]
pub struct Refused {
    ids: HashSet<Key>,
    /// Oldest first.
    order: VecDeque<(Instant, Key)>,
}

impl Refused {
    pub fn add(&mut self, id: &[u8], now: Instant) {
        self.forget(now);
        let Some(key) = Key::new(id) else { return };
        if self.order.len() < MAX && self.ids.insert(key) {
            self.order.push_back((now, key));
        }
    }

    pub fn contains(&mut self, id: &[u8], now: Instant) -> bool {
        self.forget(now);
        Key::new(id).is_some_and(|key| self.ids.contains(&key))
    }

    fn forget(&mut self, now: Instant) {
        while let Some((at, key)) = self.order.front() {
            if now.saturating_duration_since(*at) < TIME {
                return;
            }
            self.ids.remove(key);
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Refused, MAX, TIME};

    #[test]
    fn remembers_for_a_while_and_not_too_many() {
        let now = Instant::now();
        let mut refused = Refused::default();
        for i in 0..2 * MAX as u64 {
            refused.add(&i.to_be_bytes(), now);
        }
        assert!(refused.contains(&0_u64.to_be_bytes(), now));
        assert!(!refused.contains(&(MAX as u64).to_be_bytes(), now));
        assert!(!refused.contains(&0_u64.to_be_bytes(), now + TIME));
        assert!(refused.order.is_empty() && refused.ids.is_empty());
    }
}
