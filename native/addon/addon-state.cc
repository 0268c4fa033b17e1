#include "addon-state.h"

#include "udp-poll.h"

namespace necko {
namespace {

/** Node frees the instance data through a raw pointer; this holds the environment's share of the state. */
struct InstanceData {
  std::shared_ptr<AddonState> state;
};

}  // namespace

void AddonState::Install(Napi::Env env) {
  auto instance = std::make_unique<InstanceData>();
  instance->state = std::make_shared<AddonState>();
  AddonState* state = instance->state.get();
  env.SetInstanceData(instance.release());
  // A worker's loop must not end with handles on it, and closing one takes a turn of the loop: hence an asynchronous
  // hook, which Node waits for.
  napi_add_async_cleanup_hook(env, OnTeardown, state, nullptr);
}

std::shared_ptr<AddonState> AddonState::Of(Napi::Env env) { return env.GetInstanceData<InstanceData>()->state; }

void AddonState::PollOpened(UdpPoll* poll) {
  open_.insert(poll);
  counters.polls++;
}

void AddonState::PollClosing(UdpPoll* poll) {
  open_.erase(poll);
  counters.polls--;
  closingHandles_++;
}

void AddonState::HandleClosed() {
  closingHandles_--;
  FinishTeardown();
}

void AddonState::OnTeardown(napi_async_cleanup_hook_handle hook, void* data) {
  auto* state = static_cast<AddonState*>(data);
  state->teardown_ = hook;
  while (!state->open_.empty()) (*state->open_.begin())->Close();
  state->FinishTeardown();
}

void AddonState::FinishTeardown() {
  if (teardown_ == nullptr || closingHandles_ != 0) return;
  napi_remove_async_cleanup_hook(teardown_);
  teardown_ = nullptr;
}

}  // namespace necko
