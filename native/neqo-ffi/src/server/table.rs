//! The engine's table of connections: handles are indices into it.

use super::entry::Entry;

/// Slots are used again, last freed first.
#[derive(Default)]
pub struct Table {
    slots: Vec<Option<Box<Entry>>>,
    free: Vec<u32>,
}

impl Table {
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Puts in what `make` makes of the handle; none if it makes nothing.
    pub fn insert<E>(&mut self, make: impl FnOnce(u32) -> Result<Box<Entry>, E>) -> Result<u32, E> {
        let handle = self.free.last().copied().unwrap_or(self.slots.len() as u32);
        let entry = make(handle)?;
        if self.free.pop().is_some() {
            self.slots[handle as usize] = Some(entry);
        } else {
            self.slots.push(Some(entry));
        }
        Ok(handle)
    }

    pub fn get(&self, handle: u32) -> Option<&Entry> {
        self.slots.get(handle as usize)?.as_deref()
    }

    pub fn get_mut(&mut self, handle: u32) -> Option<&mut Entry> {
        self.slots.get_mut(handle as usize)?.as_deref_mut()
    }

    pub fn remove(&mut self, handle: u32) {
        if let Some(slot) = self.slots.get_mut(handle as usize) {
            if slot.take().is_some() {
                self.free.push(handle);
            }
        }
    }
}
