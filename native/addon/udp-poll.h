// UdpPoll of src/native.ts: a datagram socket with libuv's readiness polling.
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>
#include <optional>

#include "addon-state.h"
#include "datagram-socket.h"

namespace necko {

/**
 * A UDP socket, or the Unix datagram socket of a server, and the uv_poll handle that watches it.
 *
 * Thread: bound to the thread of its environment; the callback runs there too, from libuv's loop, inside a callback
 * scope of Node, so that process.nextTick and microtasks run after it.
 *
 * Life: the descriptor closes in close(), when the object is collected, or when the environment ends, whichever is
 * first; the libuv handle outlives it by a turn of the loop. While it polls, the object is not collected.
 *
 * ICMP errors are reported as readiness: the next read or write gets them. A negative status means that polling has
 * ended.
 */
class UdpPoll final : public Napi::ObjectWrap<UdpPoll> {
 public:
  static Napi::Function Define(Napi::Env env);

  explicit UdpPoll(const Napi::CallbackInfo& info);
  ~UdpPoll() override;

  /** Stops polling and closes the descriptor. Idempotent; may be called from the callback. */
  void Close();

 private:
  /** What libuv points at: lives until libuv has closed the handle. */
  struct Handle {
    uv_poll_t poll{};
    UdpPoll* owner = nullptr;
    std::shared_ptr<AddonState> state;
  };

  static void OnEvents(uv_poll_t* poll, int status, int events);
  static void OnClosed(uv_handle_t* handle);

  Napi::Value GetFd(const Napi::CallbackInfo& info);
  Napi::Value GetLocalAddress(const Napi::CallbackInfo& info);
  Napi::Value GetLocalPort(const Napi::CallbackInfo& info);
  void Poll(const Napi::CallbackInfo& info);
  void RefLoop(const Napi::CallbackInfo& info);
  void UnrefLoop(const Napi::CallbackInfo& info);
  void CloseFromJs(const Napi::CallbackInfo& info);

  /** Returns 0 or libuv's error. */
  int Watch(int events);
  void Emit(int events, int status);

  /** Set once the constructor is done. */
  std::optional<DatagramSocket> socket_;
  std::unique_ptr<Handle> handle_;
  Napi::FunctionReference onReady_;
  Napi::AsyncContext asyncContext_;
  /** Events asked for: UV_READABLE, UV_WRITABLE, both, or 0 when not polling. */
  int events_ = 0;
};

}  // namespace necko
