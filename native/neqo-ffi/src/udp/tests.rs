//! Tests of batching: over loopback sockets, and against a transmitter that fails on command.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io,
    net::{SocketAddr, UdpSocket},
    os::fd::AsFd,
    time::Duration,
};

use neqo_common::{Datagram, IpTos, IpTosEcn};
use neqo_transport::Output;
use quinn_udp::{EcnCodepoint, Transmit};

use super::{
    batch::MAX_BATCH_BYTES,
    send::{Sender, Transmitter},
    Sent, Udp, UdpStats, Wakeup,
};

const MANY: usize = 1000;

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn datagram(to: SocketAddr, ecn: IpTosEcn, length: usize) -> Output {
    Output::Datagram(Datagram::new(
        address(1),
        to,
        IpTos::from(ecn),
        vec![0xab; length],
    ))
}

fn datagrams(lengths: &[usize]) -> VecDeque<Output> {
    lengths
        .iter()
        .map(|&length| datagram(address(2), IpTosEcn::Ect0, length))
        .collect()
}

/// One system call as the transmitter saw it.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    length: usize,
    segment: Option<usize>,
    ecn: Option<EcnCodepoint>,
    to: SocketAddr,
}

/// Answers calls with the errors it is given, and with success when there are none left.
struct Scripted {
    max_segments: usize,
    answers: RefCell<VecDeque<Option<i32>>>,
    calls: RefCell<Vec<Call>>,
}

impl Scripted {
    fn new(answers: &[Option<i32>]) -> Self {
        Self {
            max_segments: 64,
            answers: RefCell::new(answers.iter().copied().collect()),
            calls: RefCell::new(Vec::new()),
        }
    }

    /// Lengths of the calls since the last look.
    fn lengths(&self) -> Vec<usize> {
        self.calls.take().iter().map(|call| call.length).collect()
    }
}

impl Transmitter for Scripted {
    fn max_segments(&self) -> usize {
        self.max_segments
    }

    fn transmit(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.calls.borrow_mut().push(Call {
            length: transmit.contents.len(),
            segment: transmit.segment_size,
            ecn: transmit.ecn,
            to: transmit.destination,
        });
        match self.answers.borrow_mut().pop_front().flatten() {
            Some(errno) => Err(io::Error::from_raw_os_error(errno)),
            None => Ok(()),
        }
    }
}

fn run(sender: &mut Sender, socket: &Scripted, outputs: &mut VecDeque<Output>, max: usize) -> Sent {
    sender.run(socket, &mut UdpStats::default(), max, || {
        outputs.pop_front().unwrap_or(Output::None)
    })
}

/// A sender that has already sent a datagram of 1,200 bytes, so that such datagrams may be batched.
fn warmed(socket: &Scripted) -> Sender {
    let mut sender = Sender::default();
    let answers = socket.answers.take();
    run(&mut sender, socket, &mut datagrams(&[1200]), MANY);
    socket.answers.replace(answers);
    socket.calls.take();
    sender
}

#[test]
fn equal_datagrams_go_out_in_one_call_with_a_shorter_last_one() {
    let socket = Scripted::new(&[]);
    let mut sender = warmed(&socket);
    let sent = run(
        &mut sender,
        &socket,
        &mut datagrams(&[1200, 1200, 1200, 40, 1200, 1200]),
        MANY,
    );
    assert_eq!((sent.datagrams, sent.bytes), (6, 6040));
    let calls = socket.calls.take();
    assert_eq!(calls.len(), 2);
    assert_eq!(
        (calls[0].length, calls[0].segment, calls[0].ecn),
        (3640, Some(1200), Some(EcnCodepoint::Ect0))
    );
    assert_eq!((calls[1].length, calls[1].segment), (2400, Some(1200)));
}

#[test]
fn destination_and_mark_divide_batches() {
    let socket = Scripted::new(&[]);
    let mut sender = warmed(&socket);
    let mut outputs = VecDeque::from([
        datagram(address(2), IpTosEcn::Ect0, 1200),
        datagram(address(2), IpTosEcn::NotEct, 1200),
        datagram(address(3), IpTosEcn::NotEct, 1200),
    ]);
    run(&mut sender, &socket, &mut outputs, MANY);
    let calls = socket.calls.take();
    assert_eq!(calls.len(), 3);
    assert_eq!((calls[1].ecn, calls[1].to), (None, address(2)));
    assert_eq!((calls[2].ecn, calls[2].to), (None, address(3)));
    assert!(calls.iter().all(|call| call.segment.is_none()));
}

#[test]
fn batches_keep_within_segments_and_bytes() {
    let mut socket = Scripted::new(&[]);
    socket.max_segments = 10;
    let mut sender = warmed(&socket);
    run(&mut sender, &socket, &mut datagrams(&[1200; 25]), MANY);
    assert_eq!(socket.lengths(), [12_000, 12_000, 6000]);

    let socket = Scripted::new(&[]);
    let mut sender = warmed(&socket);
    run(&mut sender, &socket, &mut datagrams(&[1200; 60]), MANY);
    let lengths = socket.lengths();
    assert_eq!(lengths.iter().sum::<usize>(), 72_000);
    assert!(lengths.iter().all(|&length| length <= MAX_BATCH_BYTES));
}

#[test]
fn a_size_not_seen_before_goes_alone() {
    let socket = Scripted::new(&[None, Some(libc::EMSGSIZE)]);
    let mut sender = warmed(&socket);
    // The second is a PMTUD probe that the interface refuses. Neither neighbour suffers, and it is no error.
    let sent = run(
        &mut sender,
        &socket,
        &mut datagrams(&[1200, 9000, 1200, 1200]),
        MANY,
    );
    assert_eq!(socket.lengths(), [1200, 9000, 2400]);
    assert_eq!((sent.datagrams, sent.errno), (3, 0));
}

#[test]
fn a_full_socket_keeps_the_batch_and_its_order() {
    let socket = Scripted::new(&[Some(libc::EAGAIN)]);
    let mut sender = warmed(&socket);
    let mut outputs = datagrams(&[1200, 1200, 30, 1200]);
    let sent = run(&mut sender, &socket, &mut outputs, MANY);
    assert!(sent.blocked);
    assert_eq!((sent.datagrams, sent.errno), (0, 0));
    // neqo is not asked for more while something waits.
    assert_eq!(outputs.len(), 1);
    assert_eq!(socket.lengths(), [2430]);

    let sent = run(&mut sender, &socket, &mut outputs, MANY);
    assert!(!sent.blocked);
    assert_eq!(sent.datagrams, 4);
    assert_eq!(socket.lengths(), [2430, 1200]);
}

#[test]
fn the_bound_leaves_the_rest_for_the_next_call() {
    let socket = Scripted::new(&[]);
    let mut sender = warmed(&socket);
    let mut outputs = datagrams(&[1200; 5]);
    let sent = run(&mut sender, &socket, &mut outputs, 2);
    assert!(sent.more);
    assert_eq!(sent.datagrams, 2);
    let sent = run(&mut sender, &socket, &mut outputs, MANY);
    assert!(!sent.more);
    assert_eq!(sent.datagrams, 3);
}

#[test]
fn without_gso_the_batch_is_sent_one_by_one() {
    for errno in [libc::EIO, libc::EINVAL, libc::EMSGSIZE] {
        let socket = Scripted::new(&[Some(errno)]);
        let mut sender = warmed(&socket);
        let sent = run(&mut sender, &socket, &mut datagrams(&[1200, 1200, 7]), MANY);
        assert_eq!((sent.datagrams, sent.errno), (3, 0));
        assert_eq!(socket.lengths(), [2407, 1200, 1200, 7]);
    }
}

#[test]
fn a_waiting_icmp_error_is_told_once_and_costs_no_datagram() {
    let socket = Scripted::new(&[Some(libc::ECONNREFUSED)]);
    let mut sender = warmed(&socket);
    let sent = run(&mut sender, &socket, &mut datagrams(&[1200]), MANY);
    assert_eq!((sent.datagrams, sent.errno), (1, libc::ECONNREFUSED));
    assert_eq!(socket.lengths(), [1200, 1200]);
}

#[test]
fn a_lasting_error_drops_datagrams_but_not_the_rest() {
    let unreachable = Some(libc::ENETUNREACH);
    let socket = Scripted::new(&[unreachable, unreachable, None]);
    let mut sender = warmed(&socket);
    let sent = run(&mut sender, &socket, &mut datagrams(&[900, 1200]), MANY);
    assert_eq!((sent.datagrams, sent.errno), (1, libc::ENETUNREACH));
    assert_eq!(socket.lengths(), [900, 900, 1200]);
}

#[test]
fn delays_are_rounded_up_to_whole_milliseconds() {
    for (nanoseconds, ms) in [
        (0, 1),
        (1, 1),
        (1_000_000, 1),
        (1_000_001, 2),
        (25_000_000, 25),
    ] {
        assert_eq!(
            Wakeup::from(Duration::from_nanos(nanoseconds)),
            Wakeup::After(ms)
        );
    }
}

/// Two sockets connected to each other.
fn pair() -> (UdpSocket, UdpSocket) {
    let a = UdpSocket::bind(address(0)).unwrap();
    let b = UdpSocket::bind(address(0)).unwrap();
    a.connect(b.local_addr().unwrap()).unwrap();
    b.connect(a.local_addr().unwrap()).unwrap();
    (a, b)
}

fn udp(socket: &UdpSocket) -> Udp<'_> {
    let (local, remote) = (socket.local_addr().unwrap(), socket.peer_addr().unwrap());
    Udp::connected(socket.as_fd(), local, remote, 1 << 20, 1 << 20).unwrap()
}

#[test]
fn batches_arrive_as_datagrams_with_their_marks() {
    let (a, b) = pair();
    let (mut sender, mut receiver) = (udp(&a), udp(&b));
    let to = b.local_addr().unwrap();
    // The first goes alone, the others in one batch, cut into segments again on arrival.
    let lengths = [1200, 1200, 1200, 1200, 77];
    let mut outputs: VecDeque<_> = lengths
        .iter()
        .map(|&length| datagram(to, IpTosEcn::Ect0, length))
        .collect();
    let sent = sender.send(MANY, || outputs.pop_front().unwrap_or(Output::None));
    assert_eq!(sent.datagrams, 5);
    assert_eq!(sender.stats().datagrams_sent, 5);
    assert!(sender.stats().send_calls <= 5);

    let mut got = Vec::new();
    let mut received = 0;
    while got.len() < 5 {
        received += receiver
            .receive(MANY, |segments| {
                for segment in segments {
                    assert_eq!(segment.source(), a.local_addr().unwrap());
                    assert_eq!(IpTosEcn::from(segment.tos()), IpTosEcn::Ect0);
                    got.push(segment.len());
                }
            })
            .datagrams;
    }
    assert_eq!(got, lengths);
    assert_eq!(received, 5);
    assert_eq!(receiver.stats().bytes_received, 4877);
}

#[test]
fn an_empty_socket_is_no_error() {
    let (a, _b) = pair();
    let received = udp(&a).receive(MANY, |_| panic!("nothing was sent"));
    assert_eq!((received.datagrams, received.errno), (0, 0));
    assert!(!received.more);
}

#[test]
fn empty_datagrams_are_passed_over() {
    let (a, b) = pair();
    let mut receiver = udp(&b);
    a.send(&[]).unwrap();
    a.send(b"x").unwrap();
    let mut got = Vec::new();
    while got.is_empty() {
        receiver.receive(MANY, |segments| got.extend(segments.map(|d| d.len())));
    }
    assert_eq!(got, [1]);
}

#[test]
fn reading_stops_at_its_bound() {
    let (a, b) = pair();
    let mut receiver = udp(&b);
    for _ in 0..3 {
        a.send(b"datagram").unwrap();
    }
    let mut count = 0;
    let received = receiver.receive(1, |segments| count += segments.count());
    assert!(received.more);
    assert_eq!(received.datagrams, count);
}

#[test]
fn a_closed_port_is_told_as_an_error() {
    let (a, b) = pair();
    let mut sender = udp(&a);
    let to = b.local_addr().unwrap();
    drop(b);
    let mut errno = 0;
    while errno == 0 {
        let mut once = Some(datagram(to, IpTosEcn::Ect0, 100));
        errno = sender
            .send(MANY, || once.take().unwrap_or(Output::None))
            .errno;
        if errno == 0 {
            errno = sender.receive(MANY, |_| ()).errno;
        }
    }
    assert_eq!(errno, libc::ECONNREFUSED);
}
