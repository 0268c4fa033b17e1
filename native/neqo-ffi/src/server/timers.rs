//! When connections want to be called again.

use std::{cmp::Reverse, collections::BinaryHeap, time::Instant};

/// A heap of wake-ups. What was put in stays until its time: whoever gets it checks whether it still holds. A connection
/// puts one in only if it is earlier than what it has in here, so there is about one for each.
#[derive(Debug, Default)]
pub struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u32)>>,
}

impl Timers {
    pub fn push(&mut self, at: Instant, handle: u32) {
        self.heap.push(Reverse((at, handle)));
    }

    /// The next one that is due.
    pub fn pop(&mut self, now: Instant) -> Option<(Instant, u32)> {
        let Reverse((at, _)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }
}
