// VirtualFdCalls of src/native-server.ts.
#pragma once

#include <napi.h>

namespace necko {

/** Adds socketPairs, closeFds, hangUp, fdUsage and setFdLimit to the exports. */
void DefineVirtualFdCalls(Napi::Env env, Napi::Object exports);

}  // namespace necko
