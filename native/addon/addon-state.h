// What belongs to one environment (the main thread, or one worker): counts of live objects and the open sockets.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <unordered_set>

#include "virtual-fds.h"

namespace necko {

class UdpPoll;

/**
 * State of the addon in one environment. Nothing in this addon is shared between environments, except what NSS keeps
 * for the process.
 *
 * Thread: made, used and dropped on the environment's own thread. Objects share its ownership, because Node does not
 * say in which order they and the environment's instance data are finalized.
 */
class AddonState {
 public:
  struct Counters {
    uint32_t connections = 0;
    uint32_t servers = 0;
    uint32_t credentials = 0;
    uint32_t polls = 0;
    uint32_t verifiers = 0;
    uint32_t verifications = 0;
  };

  /** Makes the state of an environment and ties it to the environment's life. */
  static void Install(Napi::Env env);
  static std::shared_ptr<AddonState> Of(Napi::Env env);

  Counters counters;
  VirtualFds virtualFds;

  void PollOpened(UdpPoll* poll);
  /** The poll's descriptor is closed; its libuv handle closes in a later turn of the loop. */
  void PollClosing(UdpPoll* poll);
  /** libuv has let go of the handle. */
  void HandleClosed();

 private:
  static void OnTeardown(napi_async_cleanup_hook_handle hook, void* data);
  void FinishTeardown();

  std::unordered_set<UdpPoll*> open_;
  uint32_t closingHandles_ = 0;
  /** Set from the moment that the environment begins to end until the last handle is closed. */
  napi_async_cleanup_hook_handle teardown_ = nullptr;
};

}  // namespace necko
