//! Results of system calls.

use std::io;

/// The result of a system call that returns -1 and sets errno if it fails.
pub fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
