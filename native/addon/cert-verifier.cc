#include "cert-verifier.h"

#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "chain-verifier.h"
#include "errors.h"
#include "mozpkix/pkixnss.h"
#include "neqo_ffi.h"

namespace necko {
namespace {

/** Seconds since the epoch, far beyond what a certificate can say (year 9999). */
constexpr double kTimeLimit = 1e12;

std::vector<Der> CopyCertificates(Napi::Env env, napi_value value, const std::string& name) {
  const Napi::Array array = ToArray(env, value, name.c_str());
  const std::string element = name + "[]";
  const uint32_t count = array.Length();
  std::vector<Der> certificates;
  certificates.reserve(count);
  for (uint32_t i = 0; i < count; i++) {
    const Napi::HandleScope scope(env);
    const ByteSpan bytes = ToBytes(env, array.Get(i), element.c_str());
    certificates.emplace_back(reinterpret_cast<const char*>(bytes.data), bytes.length);
  }
  return certificates;
}

/** Name of a result without the enumeration's own: 'Success', 'ERROR_EXPIRED_CERTIFICATE' … */
std::string ResultName(mozilla::pkix::Result result) {
  const std::string name = mozilla::pkix::MapResultToName(result);
  const size_t colons = name.rfind("::");
  return colons == std::string::npos ? name : name.substr(colons + 2);
}

/** One verification. Node-API drops it after OnOK(), or when the environment ends. */
class Verification final : public Napi::AsyncWorker {
 public:
  Verification(const Napi::Function& callback, std::shared_ptr<AddonState> state,
               std::shared_ptr<const AnchorStore> anchors, std::vector<Der> chain, std::string hostName,
               uint64_t timeSeconds)
      : Napi::AsyncWorker(callback, "NECKO_CERTVERIFY"),
        state_(std::move(state)),
        anchors_(std::move(anchors)),
        chain_(std::move(chain)),
        hostName_(std::move(hostName)),
        timeSeconds_(timeSeconds) {
    state_->counters.verifications++;
  }
  ~Verification() override { state_->counters.verifications--; }

  void Execute() override { result_ = VerifyServerChain(*anchors_, chain_, hostName_, timeSeconds_); }

  void OnOK() override {
    const Napi::Env env = Env();
    const napi_value arguments[] = {Napi::String::New(env, ResultName(result_)),
                                    Napi::Number::New(env, mozilla::pkix::MapResultToPRErrorCode(result_))};
    // Called without the wrapper, which would throw in an environment that is ending. What the callback throws stays
    // pending, and Node makes an uncaught exception of it.
    napi_call_function(env, env.Undefined(), Callback().Value(), std::size(arguments), arguments, nullptr);
  }

 private:
  const std::shared_ptr<AddonState> state_;
  const std::shared_ptr<const AnchorStore> anchors_;
  const std::vector<Der> chain_;
  const std::string hostName_;
  const uint64_t timeSeconds_;
  mozilla::pkix::Result result_ = mozilla::pkix::Result::FATAL_ERROR_INVALID_STATE;
};

}  // namespace

Napi::Function CertVerifier::Define(Napi::Env env) {
  return DefineClass(env, "CertVerifier",
                     {
                         InstanceAccessor<&CertVerifier::GetAnchorCount>("anchorCount"),
                         InstanceMethod<&CertVerifier::Verify>("verify"),
                     });
}

CertVerifier::CertVerifier(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CertVerifier>(info) {
  const Napi::Env env = info.Env();
  anchors_ = std::make_shared<const AnchorStore>(CopyCertificates(env, info[0], "anchors"));
  if (neqo_init() != NEQO_OK) throw MakeError(env, "ERR_NEQO_INIT", "NSS could not be initialised");
  state_ = AddonState::Of(env);
  state_->counters.verifiers++;
}

CertVerifier::~CertVerifier() {
  // Unset if the constructor threw.
  if (state_) state_->counters.verifiers--;
}

Napi::Value CertVerifier::GetAnchorCount(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(anchors_->size()));
}

void CertVerifier::Verify(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::vector<Der> chain = CopyCertificates(env, info[0], "chain");
  std::string hostName = ToUtf8(env, info[1], "hostName");
  const uint64_t timeSeconds = ToUnsigned(env, info[2], "timeSeconds", kTimeLimit);
  const Napi::Function callback = ToFunction(env, info[3], "callback");
  auto verification =
      std::make_unique<Verification>(callback, state_, anchors_, std::move(chain), std::move(hostName), timeSeconds);
  verification->Queue();
  // The worker destroys itself when it is done.
  verification.release();
}

}  // namespace necko
