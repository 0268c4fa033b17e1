/*
 * A path with delay and loss between two TUN devices, for the bench: whatever IP packets the kernel routes into one device come out of
 * the other after a fixed time, or never. TCP and UDP fare alike, as on a real path.
 *
 * Usage: tun-relay DEVICE DEVICE DELAY_MICROSECONDS LOSSES_PER_MILLION
 *
 * Makes both devices, says "ready" and relays until standard input ends, which removes them. Every line of standard input holds a seed:
 * the packets that are lost follow from it alone, in each direction by their number. The answer is a line with what happened since the
 * line before: packets that were passed on, packets that were lost, and packets for which there was no room (there should be none).
 *
 * Without IFF_VNET_HDR the kernel hands over finished packets: segmented to the MTU, with their checksums.
 */
#define _GNU_SOURCE /* ppoll */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { MTU = 1500, CAPACITY = 16384, MILLION = 1000000, DIRECTIONS = 2 };

static const int64_t SECOND = 1000000000; /* in nanoseconds */

struct packet {
  int64_t due; /* nanoseconds of CLOCK_MONOTONIC */
  size_t length;
  uint8_t bytes[MTU];
};

/* From one device to the other: a ring, since the delay is the same for all. */
struct direction {
  int from;
  int to;
  struct packet* packets;
  uint32_t first;
  uint32_t count;
  uint64_t random;
  uint64_t passed;
  uint64_t lost;
  uint64_t overflowed;
};

static _Noreturn void fail(const char* what) {
  fprintf(stderr, "tun-relay: %s: %s\n", what, strerror(errno));
  exit(EXIT_FAILURE);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * SECOND + time.tv_nsec;
}

static int open_tun(const char* name) {
  const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) fail("/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
  if (ioctl(fd, TUNSETIFF, &request) < 0) fail(name);
  return fd;
}

/* SplitMix64: the numbers of neighbouring seeds have nothing in common. */
static uint64_t next_random(uint64_t* state) {
  *state += UINT64_C(0x9e3779b97f4a7c15);
  uint64_t mixed = *state;
  mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
  return mixed ^ (mixed >> 31);
}

/* Takes all packets that the kernel has for this direction. */
static void take_in(struct direction* direction, int64_t delay, uint32_t losses) {
  for (;;) {
    uint8_t spare[MTU];
    const int is_full = direction->count == CAPACITY;
    struct packet* packet = &direction->packets[(direction->first + direction->count) % CAPACITY];
    const ssize_t length = read(direction->from, is_full ? spare : packet->bytes, MTU);
    if (length < 0) {
      /* EIO: the device is down, as it is until it has an address. */
      if (errno == EAGAIN || errno == EIO || errno == EINTR) return;
      fail("read");
    }
    if (next_random(&direction->random) % MILLION < losses) {
      direction->lost += 1;
    } else if (is_full) {
      direction->overflowed += 1;
    } else {
      packet->length = (size_t)length;
      packet->due = now() + delay;
      direction->count += 1;
    }
  }
}

/* Passes on what has been on its way for long enough. */
static void let_out(struct direction* direction) {
  const int64_t time = now();
  while (direction->count > 0) {
    const struct packet* packet = &direction->packets[direction->first];
    if (packet->due > time) return;
    if (write(direction->to, packet->bytes, packet->length) < 0 && errno != EIO && errno != ENOBUFS) fail("write");
    direction->passed += 1;
    direction->first = (direction->first + 1) % CAPACITY;
    direction->count -= 1;
  }
}

/* How long nothing is due. */
static const struct timespec* patience(const struct direction* directions, struct timespec* wait) {
  int64_t due = INT64_MAX;
  for (int index = 0; index < DIRECTIONS; index += 1) {
    const struct direction* direction = &directions[index];
    if (direction->count > 0 && direction->packets[direction->first].due < due) {
      due = direction->packets[direction->first].due;
    }
  }
  if (due == INT64_MAX) return NULL;
  const int64_t left = due - now();
  *wait = (struct timespec){.tv_sec = left > 0 ? left / SECOND : 0, .tv_nsec = left > 0 ? left % SECOND : 0};
  return wait;
}

/* A line of standard input. False at its end. */
static int obey(struct direction* directions) {
  char line[64];
  if (fgets(line, sizeof line, stdin) == NULL) return 0;
  const uint64_t seed = strtoull(line, NULL, 10);
  uint64_t passed = 0, lost = 0, overflowed = 0;
  for (int index = 0; index < DIRECTIONS; index += 1) {
    struct direction* direction = &directions[index];
    passed += direction->passed;
    lost += direction->lost;
    overflowed += direction->overflowed;
    direction->passed = direction->lost = direction->overflowed = 0;
    direction->random = seed * DIRECTIONS + (uint64_t)index;
  }
  printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", passed, lost, overflowed);
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "Usage: tun-relay DEVICE DEVICE DELAY_MICROSECONDS LOSSES_PER_MILLION\n");
    return EXIT_FAILURE;
  }
  const int ends[DIRECTIONS] = {open_tun(argv[1]), open_tun(argv[2])};
  const int64_t delay = strtoll(argv[3], NULL, 10) * 1000;
  const uint32_t losses = (uint32_t)strtoul(argv[4], NULL, 10);
  struct direction directions[DIRECTIONS] = {{.from = ends[0], .to = ends[1]}, {.from = ends[1], .to = ends[0]}};
  for (int index = 0; index < DIRECTIONS; index += 1) {
    directions[index].packets = malloc(CAPACITY * sizeof(struct packet));
    if (directions[index].packets == NULL) fail("memory");
    directions[index].random = (uint64_t)index;
  }
  /* Unbuffered: poll tells of everything that fgets has not had. */
  setvbuf(stdin, NULL, _IONBF, 0);
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  struct pollfd polled[DIRECTIONS + 1] = {
      {.fd = ends[0], .events = POLLIN}, {.fd = ends[1], .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
  for (;;) {
    struct timespec wait;
    if (ppoll(polled, DIRECTIONS + 1, patience(directions, &wait), NULL) < 0 && errno != EINTR) fail("ppoll");
    for (int index = 0; index < DIRECTIONS; index += 1) take_in(&directions[index], delay, losses);
    for (int index = 0; index < DIRECTIONS; index += 1) let_out(&directions[index]);
    if (polled[DIRECTIONS].revents != 0 && !obey(directions)) return EXIT_SUCCESS;
  }
}
