// NativeStats of src/native.ts.
#pragma once

#include <napi.h>

#include "neqo_ffi.h"

namespace necko {

Napi::Object ToStatsObject(Napi::Env env, const NeqoStats& stats);

}  // namespace necko
