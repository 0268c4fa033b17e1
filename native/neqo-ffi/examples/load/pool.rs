//! All connections of the program on one epoll descriptor, with their timers.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    error::Error,
    io::{self, ErrorKind},
    os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
    time::{Duration, Instant},
};

use neqo_ffi::udp::Wakeup;

use crate::{
    client::{Client, State},
    options::Options,
    syscall::check,
    work::Work,
};

/// Sockets that one wait tells of.
const EVENTS: usize = 256;
/// What epoll says for standard input.
const INPUT_TOKEN: u64 = u64::MAX;

/// A place for a connection.
struct Slot {
    client: Option<Client>,
    /// When its earliest timer in the heap ends; later ones are forgotten.
    wakes: Option<Instant>,
    is_touched: bool,
}

/// The connections. Each turn drives those that have something to do.
pub struct Pool<'o> {
    options: &'o Options,
    epoll: OwnedFd,
    slots: Vec<Slot>,
    free: Vec<usize>,
    timers: BinaryHeap<Reverse<(Instant, usize)>>,
    touched: Vec<usize>,
    /// Incomplete handshakes.
    pub connecting: usize,
    pub connected: usize,
    pub input_ready: bool,
}

impl<'o> Pool<'o> {
    pub fn new(options: &'o Options) -> io::Result<Self> {
        // SAFETY: the call takes no pointers; the descriptor is nobody else's.
        let epoll =
            unsafe { OwnedFd::from_raw_fd(check(libc::epoll_create1(libc::EPOLL_CLOEXEC))?) };
        Ok(Self {
            options,
            epoll,
            slots: Vec::new(),
            free: Vec::new(),
            timers: BinaryHeap::new(),
            touched: Vec::new(),
            connecting: 0,
            connected: 0,
            input_ready: false,
        })
    }

    /// Standard input, too, ends a turn, and sets `input_ready`.
    pub fn watch_input(&self) -> io::Result<()> {
        self.watch(libc::STDIN_FILENO, INPUT_TOKEN)
    }

    /// Begins a handshake; returns the place of the connection.
    pub fn open(&mut self) -> Result<usize, Box<dyn Error>> {
        let client = Client::open(self.options)?;
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot {
                client: None,
                wakes: None,
                is_touched: false,
            });
            self.slots.len() - 1
        });
        self.watch(client.fd(), index as u64)?;
        self.slots[index].client = Some(client);
        self.connecting += 1;
        self.touch(index);
        Ok(index)
    }

    /// Every connection looks for requests in the next turn.
    pub fn touch_all(&mut self) {
        for index in 0..self.slots.len() {
            self.touch(index);
        }
    }

    /// Closes `count` connections; all, if there are not more.
    pub fn close(&mut self, count: usize) {
        let open = (0..self.slots.len()).filter(|&index| self.slots[index].client.is_some());
        for index in open.take(count).collect::<Vec<_>>() {
            self.release(index);
        }
    }

    /// Waits until something happens, and does what is to be done then. With `serve`, connections begin requests.
    pub fn turn(&mut self, work: &mut Work, serve: bool) -> io::Result<()> {
        self.wait()?;
        let now = Instant::now();
        while let Some(&Reverse((when, index))) = self.timers.peek() {
            if when > now {
                break;
            }
            self.timers.pop();
            if self.slots[index].wakes == Some(when) {
                self.slots[index].wakes = None;
                self.touch(index);
            }
        }
        for index in std::mem::take(&mut self.touched) {
            self.slots[index].is_touched = false;
            self.drive(index, work, serve);
        }
        Ok(())
    }

    fn drive(&mut self, index: usize, work: &mut Work, serve: bool) {
        let slot = &mut self.slots[index];
        let Some(client) = &mut slot.client else {
            return;
        };
        let was_connecting = client.state == State::Connecting;
        client.handle_events(work);
        if serve {
            client.start_requests(work, self.options);
        }
        if was_connecting && client.state != State::Connecting {
            self.connecting -= 1;
            self.connected += usize::from(client.state == State::Connected);
        }
        if let State::Closed(reason) = &client.state {
            if !was_connecting {
                self.connected -= 1;
            }
            work.connection_failed(reason, client.in_flight());
            slot.client = None;
            self.free.push(index);
        } else if client.is_used_up(self.options) {
            self.release(index);
        } else if let Wakeup::After(milliseconds) = client.output() {
            let when = Instant::now() + Duration::from_millis(milliseconds);
            // An earlier timer stays: it ends too early once, and then this one is asked for again.
            if slot.wakes.is_none_or(|earlier| when < earlier) {
                slot.wakes = Some(when);
                self.timers.push(Reverse((when, index)));
            }
        }
    }

    /// Closes the connection at a place, if it is still there.
    pub fn release(&mut self, index: usize) {
        if let Some(client) = self.slots[index].client.take() {
            match client.state {
                State::Connecting => self.connecting -= 1,
                State::Connected => self.connected -= 1,
                State::Closed(_) => {}
            }
            client.close();
            self.free.push(index);
        }
    }

    fn touch(&mut self, index: usize) {
        if !std::mem::replace(&mut self.slots[index].is_touched, true) {
            self.touched.push(index);
        }
    }

    fn watch(&self, fd: RawFd, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: libc::EPOLLIN as u32,
            u64: token,
        };
        // SAFETY: both descriptors are open; the kernel copies the event.
        unsafe {
            check(libc::epoll_ctl(
                self.epoll.as_raw_fd(),
                libc::EPOLL_CTL_ADD,
                fd,
                &mut event,
            ))?;
        }
        Ok(())
    }

    /// Waits for sockets or a timer, and reads the sockets.
    fn wait(&mut self) -> io::Result<()> {
        let timeout = match self.timers.peek() {
            _ if !self.touched.is_empty() => 0,
            None => -1,
            Some(&Reverse((when, _))) => {
                let left = when.saturating_duration_since(Instant::now());
                // Rounded up: a wait that ends too early would spin.
                i32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(i32::MAX)
            }
        };
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; EVENTS];
        // SAFETY: the array has room for as many events as the call is told.
        let result = check(unsafe {
            libc::epoll_wait(
                self.epoll.as_raw_fd(),
                events.as_mut_ptr(),
                EVENTS as libc::c_int,
                timeout,
            )
        });
        let count = match result {
            Err(e) if e.kind() == ErrorKind::Interrupted => 0,
            result => result? as usize,
        };
        self.input_ready = false;
        for event in &events[..count] {
            if event.u64 == INPUT_TOKEN {
                self.input_ready = true;
                continue;
            }
            let index = event.u64 as usize;
            if let Some(client) = &mut self.slots[index].client {
                client.input();
                self.touch(index);
            }
        }
        Ok(())
    }
}
