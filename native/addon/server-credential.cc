#include "server-credential.h"

#include <vector>

#include "arguments.h"
#include "errors.h"

namespace necko {
namespace {

/** Tells our objects from others that look like them. Drawn at random. */
constexpr napi_type_tag kTypeTag = {0x3d6c0f0b7e9a4c51, 0xa1f2c86d5b3e4790};

/** Pointers into the certificates; valid until JavaScript runs again. */
std::vector<NeqoBytes> BorrowChain(Napi::Env env, napi_value value) {
  const Napi::Array array = ToArray(env, value, "chain");
  // An element may be a getter, so all are fetched before the first is looked into.
  std::vector<napi_value> elements;
  for (uint32_t i = 0; i < array.Length(); i++) elements.push_back(array.Get(i));
  std::vector<NeqoBytes> chain;
  for (const napi_value element : elements) {
    const ByteSpan der = ToBytes(env, element, "chain[]");
    chain.push_back({der.data, der.length});
  }
  return chain;
}

}  // namespace

Napi::Function ServerCredential::Define(Napi::Env env) {
  return DefineClass(env, "ServerCredential",
                     {
                         InstanceAccessor<&ServerCredential::GetKeyType>("keyType"),
                         InstanceMethod<&ServerCredential::Destroy>("destroy"),
                     });
}

const NeqoCredential* ServerCredential::FromArgument(Napi::Env env, napi_value value) {
  const Napi::Value argument(env, value);
  if (argument.IsUndefined()) return nullptr;
  if (!argument.IsObject() || !argument.As<Napi::Object>().CheckTypeTag(&kTypeTag)) {
    ThrowArgumentType(env, "credential", "a ServerCredential or undefined");
  }
  return Unwrap(argument.As<Napi::Object>())->Get(env);
}

ServerCredential::ServerCredential(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ServerCredential>(info) {
  const Napi::Env env = info.Env();
  const std::vector<NeqoBytes> chain = BorrowChain(env, info[0]);
  const ByteSpan key = ToBytes(env, info[1], "privateKey");
  NeqoCredentialError failure{};
  credential_.reset(neqo_credential_new(chain.data(), chain.size(), {key.data, key.length}, &failure));
  if (!credential_) throw MakeError(env, failure.code, failure.message);
  info.This().As<Napi::Object>().TypeTag(&kTypeTag);
  state_ = AddonState::Of(env);
  state_->counters.credentials++;
}

ServerCredential::~ServerCredential() { Release(); }

void ServerCredential::Release() {
  if (!state_) return;
  credential_.reset();
  state_->counters.credentials--;
  state_.reset();
}

const NeqoCredential* ServerCredential::Get(Napi::Env env) const {
  if (!credential_) throw MakeTypeError(env, "ERR_NEQO_DESTROYED", "The credential has been destroyed");
  return credential_.get();
}

Napi::Value ServerCredential::GetKeyType(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Napi::String::New(env, neqo_credential_key_type(Get(env)));
}

void ServerCredential::Destroy(const Napi::CallbackInfo&) { Release(); }

}  // namespace necko
