// The arrays of JavaScript into which an engine writes: status and events.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

#include "arguments.h"

namespace necko {

/**
 * Holds the status array and the event buffer of a connection or a server.
 *
 * Thread: the environment's.
 *
 * Memory: the arrays belong to JavaScript. Their data pointers are looked up in every call that writes to them, because
 * their buffers can be detached or resized in between. The event buffer is replaced by a larger one when a single event
 * does not fit: NextEvents() then returns more than the old one's length, and EventBuffer() the new one.
 */
class EngineArrays {
 public:
  EngineArrays() = default;
  /** @throws TypeError that names the argument `status` or `events` */
  EngineArrays(Napi::Env env, napi_value status, napi_value events);

  /** Lets go of the arrays. */
  void Reset();
  /** The status array's data. @throws TypeError if it was detached or shrunk */
  double* Status(Napi::Env env) const;
  Napi::Value EventBuffer() const { return events_.Value(); }

  /**
   * Fills the event buffer. `next` is called with buffer, capacity, needed capacity and status, as neqo_next_events()
   * takes them, and its result returned.
   */
  template <typename Function>
  int64_t NextEvents(Napi::Env env, Function next) {
    double* status = Status(env);
    ByteSpan buffer = ToBytes(env, events_.Value(), "events");
    size_t needed = 0;
    const int64_t written = next(buffer.data, buffer.length, &needed, status);
    // Events that fit are delivered first; the large one waits until nothing is in front of it.
    if (written != 0 || needed <= buffer.length) return written;
    GrowEventBuffer(env, needed);
    buffer = ToBytes(env, events_.Value(), "events");
    return next(buffer.data, buffer.length, &needed, status);
  }

 private:
  /** Replaces the event buffer by one of at least `capacity` bytes. */
  void GrowEventBuffer(Napi::Env env, size_t capacity);

  Napi::ObjectReference status_;
  Napi::ObjectReference events_;
};

}  // namespace necko
