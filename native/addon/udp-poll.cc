#include "udp-poll.h"

#include "arguments.h"
#include "errors.h"
#include "open-datagram-socket.h"

namespace necko {

Napi::Function UdpPoll::Define(Napi::Env env) {
  return DefineClass(env, "UdpPoll",
                     {
                         InstanceAccessor<&UdpPoll::GetFd>("fd"),
                         InstanceAccessor<&UdpPoll::GetLocalAddress>("localAddress"),
                         InstanceAccessor<&UdpPoll::GetLocalPort>("localPort"),
                         InstanceMethod<&UdpPoll::Poll>("poll"),
                         InstanceMethod<&UdpPoll::RefLoop>("ref"),
                         InstanceMethod<&UdpPoll::UnrefLoop>("unref"),
                         InstanceMethod<&UdpPoll::CloseFromJs>("close"),
                     });
}

UdpPoll::UdpPoll(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<UdpPoll>(info), asyncContext_(info.Env(), "NECKO_UDPPOLL") {
  const Napi::Env env = info.Env();
  const Napi::Object options = ToObject(env, info[0], "options");
  const Napi::Function onReady = ToFunction(env, info[1], "onReady");
  socket_.emplace(OpenDatagramSocket(options));

  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto handle = std::make_unique<Handle>();
  if (const int error = uv_poll_init(loop, &handle->poll, socket_->fd()); error != 0) {
    throw MakeSystemError(env, {error, "uv_poll_init", "", std::nullopt});
  }
  handle->poll.data = handle.get();
  handle->owner = this;
  handle->state = AddonState::Of(env);
  handle_ = std::move(handle);
  handle_->state->PollOpened(this);
  onReady_ = Napi::Persistent(onReady);
}

UdpPoll::~UdpPoll() { Close(); }

void UdpPoll::Close() {
  if (!handle_) return;
  if (events_ != 0) Watch(0);
  handle_->state->PollClosing(this);
  handle_->owner = nullptr;
  // libuv owns the handle until OnClosed takes it back.
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_.release()->poll), OnClosed);
  // libuv allows this once polling has stopped, before the handle itself is closed.
  socket_->Close();
  onReady_.Reset();
}

void UdpPoll::OnClosed(uv_handle_t* uv) {
  const std::unique_ptr<Handle> handle(static_cast<Handle*>(uv->data));
  handle->state->HandleClosed();
}

int UdpPoll::Watch(int events) {
  const int error = events == 0 ? uv_poll_stop(&handle_->poll) : uv_poll_start(&handle_->poll, events, OnEvents);
  if (error != 0) return error;
  // A polling socket is in use although JavaScript may hold it through nothing but its own callback.
  if (events_ == 0 && events != 0) Ref();
  if (events_ != 0 && events == 0) Unref();
  events_ = events;
  return 0;
}

void UdpPoll::OnEvents(uv_poll_t* poll, int status, int events) {
  UdpPoll* self = static_cast<Handle*>(poll->data)->owner;
  if (status == 0) {
    self->Emit(events, 0);
    return;
  }
  // libuv makes UV_EBADF of every EPOLLERR and stops polling. On a connected UDP socket EPOLLERR is an ICMP error (a
  // closed port, an unreachable host), after which the socket works on. The error stays in the socket for whoever reads
  // or writes next, so it is told as readiness, and polling begins again.
  int failure = self->socket_->Probe();
  // libuv aborts the process if it is told to poll a descriptor that somebody else has closed.
  if (failure == 0) failure = uv_poll_start(poll, self->events_, OnEvents);
  if (failure == 0) {
    self->Emit(self->events_, 0);
  } else {
    self->Watch(0);
    self->Emit(0, failure);
  }
}

void UdpPoll::Emit(int events, int status) {
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  // Keeps this object alive over a close() in the callback.
  const Napi::Object self = Value();
  const napi_value arguments[] = {Napi::Number::New(env, events), Napi::Number::New(env, status)};
  const napi_status called =
      napi_make_callback(env, asyncContext_, self, onReady_.Value(), std::size(arguments), arguments, nullptr);
  if (called == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  // Without an exception the environment is ending and runs no JavaScript any more.
  if (!pending) return;
  napi_value exception = nullptr;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

Napi::Value UdpPoll::GetFd(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), socket_->fd()); }

Napi::Value UdpPoll::GetLocalAddress(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), socket_->local().address);
}

Napi::Value UdpPoll::GetLocalPort(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), socket_->local().port);
}

void UdpPoll::Poll(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int events = static_cast<int>(ToUnsigned(env, info[0], "events", (UV_READABLE | UV_WRITABLE) + 1));
  if (!handle_) {
    if (events == 0) return;
    throw MakeTypeError(env, "ERR_SOCKET_CLOSED", "The socket is closed");
  }
  if (events == events_) return;
  if (const int error = Watch(events); error != 0)
    throw MakeSystemError(env, {error, "uv_poll_start", "", std::nullopt});
}

void UdpPoll::RefLoop(const Napi::CallbackInfo&) {
  if (handle_) uv_ref(reinterpret_cast<uv_handle_t*>(&handle_->poll));
}

void UdpPoll::UnrefLoop(const Napi::CallbackInfo&) {
  if (handle_) uv_unref(reinterpret_cast<uv_handle_t*>(&handle_->poll));
}

void UdpPoll::CloseFromJs(const Napi::CallbackInfo&) { Close(); }

}  // namespace necko
