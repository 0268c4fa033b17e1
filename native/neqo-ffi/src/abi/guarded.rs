//! What C has a pointer to: something of ours that is not entered again after a panic.

use std::{
    any::Any,
    panic::{catch_unwind, AssertUnwindSafe},
};

use crate::{
    constants::{NEQO_INVALID_INPUT, NEQO_PANIC},
    Error,
};

/// A connection or a server, with the name of its last error.
pub struct Guarded<T> {
    inner: T,
    pub(super) last_error: String,
    /// A panic went through neqo: its invariants may be broken, so it is not entered again.
    poisoned: bool,
}

impl<T> Guarded<T> {
    pub(super) const fn new(inner: T) -> Self {
        Self {
            inner,
            last_error: String::new(),
            poisoned: false,
        }
    }

    /// Runs `f`; a panic poisons what it ran on.
    pub(super) fn enter<R>(&mut self, f: impl FnOnce(&mut T) -> R) -> Result<R, i64> {
        if self.poisoned {
            return Err(NEQO_PANIC);
        }
        // It is not entered again after a panic, so nobody sees a broken invariant.
        catch_unwind(AssertUnwindSafe(|| f(&mut self.inner))).map_err(|payload| {
            self.poisoned = true;
            self.last_error = panic_message(payload.as_ref());
            NEQO_PANIC
        })
    }

    /// As [`Self::enter`], for a call that can fail; keeps the error's name.
    pub(super) fn call(&mut self, f: impl FnOnce(&mut T) -> Result<i64, Error>) -> i64 {
        match self.enter(f) {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => {
                self.last_error = error.to_string();
                error.code()
            }
            Err(code) => code,
        }
    }
}

pub(super) fn panic_message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic".to_string())
}

/// [`Guarded::call`] on a pointer.
///
/// # Safety
///
/// As for the module above.
pub(super) unsafe fn call<T>(
    guarded: *mut Guarded<T>,
    f: impl FnOnce(&mut T) -> Result<i64, Error>,
) -> i64 {
    // SAFETY: made by us and used by no other call, or NULL.
    match unsafe { guarded.as_mut() } {
        Some(guarded) => guarded.call(f),
        None => NEQO_INVALID_INPUT,
    }
}
