// Errors as Node's own code makes them: an Error or TypeError with a `code`, and with `errno` and `syscall` where a
// system call failed.
#pragma once

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>

namespace necko {

/** A failed system call, with what Node's own errors of dgram and net carry. */
struct SystemError {
  /** libuv's number: negative. */
  int error = 0;
  const char* syscall = "";
  /** An IP literal or a path; empty if the call is about no address. */
  std::string address;
  /** Of an IP literal. */
  std::optional<uint16_t> port;
};

/** Name of a libuv error number: 'ECONNREFUSED' … */
std::string UvErrorName(int error);

/** `syscall CODE address:port` with `errno`, `code`, `syscall` and, where there are any, `address` and `port`. */
Napi::Error MakeSystemError(Napi::Env env, const SystemError& failure);

Napi::Error MakeError(Napi::Env env, const char* code, const std::string& message);
Napi::TypeError MakeTypeError(Napi::Env env, const char* code, const std::string& message);

}  // namespace necko
