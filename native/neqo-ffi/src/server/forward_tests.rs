//! Handing on, between sockets of a directory.

use std::{
    os::{
        fd::{AsRawFd, BorrowedFd},
        unix::net::UnixDatagram,
    },
    path::PathBuf,
    time::{Duration, Instant},
};

use neqo_common::{Datagram, IpTos};

use super::forward::{Fate, Forwarding};

/// A directory of one test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let name = format!("necko-forward-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A process with this id. The socket is leaked, so that it outlives the borrow.
    fn process(&self, id: u8) -> (Forwarding, &'static UnixDatagram) {
        let socket = UnixDatagram::bind(self.0.join(format!("00{id:02x}.sock"))).unwrap();
        let socket = Box::leak(Box::new(socket));
        // SAFETY: the socket is never closed.
        let fd = unsafe { BorrowedFd::borrow_raw(socket.as_raw_fd()) };
        (Forwarding::new(fd, self.0.clone(), vec![0, id]), socket)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn datagram<'a>(addresses: (&str, &str), bytes: &'a mut [u8]) -> Datagram<&'a mut [u8]> {
    let (from, to) = (addresses.0.parse().unwrap(), addresses.1.parse().unwrap());
    Datagram::from_slice(from, to, IpTos::from(2), bytes)
}

const IPV4: (&str, &str) = ("192.0.2.1:50000", "192.0.2.2:443");
const IPV6: (&str, &str) = ("[2001:db8::1]:50000", "[2001:db8::2]:443");

#[test]
fn datagrams_keep_addresses_and_marks_in_one_message() {
    let directory = Directory::new("whole");
    let (mut sender, socket) = directory.process(1);
    let (mut receiver, _) = directory.process(2);
    let mut bytes = ([1, 2, 3], [4; 1200]);
    let first = datagram(IPV4, &mut bytes.0);
    let second = datagram(IPV6, &mut bytes.1);
    assert_eq!(sender.push(&[0, 2], &first), None);
    assert_eq!(sender.push(&[0, 2], &second), None);
    let path = directory.0.join("0002.sock");
    for junk in [&[][..], &[9, 9], &[2, 0, 0], &[2]] {
        socket.send_to(junk, &path).unwrap();
    }
    assert_eq!(sender.flush_next(), Some(Fate::Sent(2)));
    assert_eq!(sender.flush_next(), None);
    let received = receiver.receive().unwrap();
    assert_eq!(received, [first.to_owned(), second.to_owned()]);
    assert_eq!(receiver.receive().unwrap(), [], "junk was skipped");
}

#[test]
fn datagrams_for_a_process_that_is_gone_come_back() {
    let directory = Directory::new("gone");
    let (mut sender, _) = directory.process(1);
    // Killed: the file is still there.
    drop(UnixDatagram::bind(directory.0.join("0002.sock")).unwrap());
    let mut bytes = [7; 100];
    let sent = datagram(IPV4, &mut bytes);
    for id in [[0, 2], [0, 3]] {
        assert_eq!(sender.push(&id, &sent), None);
        assert_eq!(sender.flush_next(), Some(Fate::Gone(vec![sent.to_owned()])));
    }
}

#[test]
fn a_process_that_does_not_read_is_not_waited_for() {
    let directory = Directory::new("stalled");
    let (mut sender, _) = directory.process(1);
    let (_stalled, _) = directory.process(2);
    let mut bytes = [7; 60_000];
    let sent = datagram(IPV4, &mut bytes);
    let fates: Vec<_> = (0..2000)
        .filter_map(|_| sender.push(&[0, 2], &sent))
        .collect();
    assert_eq!(
        fates.first(),
        Some(&Fate::Sent(1)),
        "a full message is sent"
    );
    assert_eq!(fates.last(), Some(&Fate::Lost(1)));
}

#[test]
fn siblings_are_found_by_their_files() {
    let directory = Directory::new("siblings");
    let (mut own, _) = directory.process(1);
    let now = Instant::now();
    assert_eq!(own.sibling(&[5; 8], now), None, "alone");
    let (_two, _) = directory.process(2);
    let (_three, _) = directory.process(3);
    std::fs::write(directory.0.join("reset.key"), "").unwrap();
    std::fs::write(directory.0.join("01.sock"), "").unwrap();
    assert_eq!(own.sibling(&[5; 8], now), None, "remembered for a moment");
    let later = now + Duration::from_secs(1);
    assert_eq!(own.sibling(&[0; 8], later), Some(vec![0, 2]));
    assert_eq!(own.sibling(&[0; 8], later), Some(vec![0, 2]));
    let odd = [1, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(own.sibling(&odd, later), Some(vec![0, 3]));
}
