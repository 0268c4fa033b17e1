#include "chain-verifier.h"

#include <algorithm>

#include "mozpkix/pkix.h"
#include "mozpkix/pkixutil.h"
#include "trust-domain.h"

namespace necko {

using namespace mozilla::pkix;

namespace {

/** mozilla::pkix builds paths of at most 8 certificates; this leaves room for cross-signed and superfluous ones. */
constexpr size_t kMaxIntermediates = 32;

/**
 * Names come from subjectAltName only, never from the common name. An entry that is malformed is passed over, as Node's
 * tls.checkServerIdentity does, instead of making the certificate useless; it cannot match.
 */
class NamePolicy final : public NameMatchingPolicy {
 public:
  Result FallBackToCommonName(Time, FallBackToSearchWithinSubject& fallBack) override {
    fallBack = FallBackToSearchWithinSubject::No;
    return Success;
  }
  HandleInvalidSubjectAlternativeNamesBy HandleInvalidSubjectAlternativeNames() override {
    return HandleInvalidSubjectAlternativeNamesBy::Skipping;
  }
};

Input ToInput(const std::string& bytes) {
  Input input;
  // What is too large stays empty, and an empty input is refused wherever it is used.
  (void)input.Init(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return input;
}

/** Whether a certificate without a known issuer was signed with its own key. */
bool IsSelfSigned(TrustDomain& domain, Input der) {
  BackCert certificate(der, EndEntityOrCA::MustBeEndEntity, nullptr);
  return certificate.Init() == Success && InputsAreEqual(certificate.GetIssuer(), certificate.GetSubject()) &&
         VerifySignedData(domain, certificate.GetSignedData(), certificate.GetSubjectPublicKeyInfo()) == Success;
}

Result BuildChain(const AnchorStore& anchors, const std::vector<Der>& chain, Input leaf, Time time) {
  std::vector<Input> intermediates;
  const size_t end = std::min(chain.size(), 1 + kMaxIntermediates);
  for (size_t i = 1; i < end; i++) intermediates.push_back(ToInput(chain[i]));
  ServerTrustDomain domain(anchors, intermediates);

  const auto build = [&](EndEntityOrCA role) {
    // TLS 1.3 servers sign with the certificate's key: RFC 8446 4.4.2.2.
    return BuildCertChain(domain, leaf, time, role, KeyUsage::digitalSignature, KeyPurposeId::id_kp_serverAuth,
                          CertPolicyId::anyPolicy, nullptr);
  };
  const Result rv = build(EndEntityOrCA::MustBeEndEntity);
  if (rv == Result::ERROR_CA_CERT_USED_AS_END_ENTITY && anchors.Contains(leaf)) return build(EndEntityOrCA::MustBeCA);
  // Firefox tells the two apart the same way (its AuthCertificate): a self-signed certificate needs another remedy.
  if (rv == Result::ERROR_UNKNOWN_ISSUER && IsSelfSigned(domain, leaf)) return Result::ERROR_SELF_SIGNED_CERT;
  return rv;
}

}  // namespace

Result VerifyServerChain(const AnchorStore& anchors, const std::vector<Der>& chain, const std::string& hostName,
                         uint64_t timeSeconds) {
  if (chain.empty()) return Result::ERROR_BAD_DER;
  const Input leaf = ToInput(chain.front());
  const Result rv = BuildChain(anchors, chain, leaf, TimeFromEpochInSeconds(timeSeconds));
  if (rv != Success) return rv;
  NamePolicy policy;
  return CheckCertHostname(leaf, ToInput(hostName), policy);
}

}  // namespace necko
