// NativeStats of src/native.ts.
#pragma once

#include <napi.h>

#include "neqo_ffi.h"

namespace necko {

Napi::Object ToStatsObject(Napi::Env env, const NeqoStats& stats);

/** NativeSendStreamStats and NativeRecvStreamStats of src/native-webtransport.ts. */
Napi::Object ToStatsObject(Napi::Env env, const NeqoSendStreamStats& stats);
Napi::Object ToStatsObject(Napi::Env env, const NeqoRecvStreamStats& stats);

}  // namespace necko
