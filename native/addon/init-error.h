// Errors of the C interface's constructors.
#pragma once

#include <napi.h>

#include "neqo_ffi.h"

namespace necko {

/** With `errno` and its name as `code` if a system call failed, else with ERR_NEQO_INIT. */
Napi::Error MakeInitError(Napi::Env env, const NeqoInitError& failure);

}  // namespace necko
