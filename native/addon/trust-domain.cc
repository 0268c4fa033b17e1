#include "trust-domain.h"

#include "mozpkix/pkixnss.h"
#include "mozpkix/pkixutil.h"

namespace necko {

using namespace mozilla::pkix;

namespace {

constexpr unsigned int kMinRsaBits = 2048;
/** Signature checks in one verification; Go's crypto/x509 has the same bound for the same reason. */
constexpr unsigned int kMaxSignatureChecks = 100;
/** Candidates for an issuer that are looked at in one verification (mozilla::pkix's own bound is 200,000). */
constexpr unsigned int kMaxIssuerCandidates = 1000;

}  // namespace

ServerTrustDomain::ServerTrustDomain(const AnchorStore& anchors, const std::vector<Input>& intermediates)
    : anchors_(anchors), signaturesLeft_(kMaxSignatureChecks), candidatesLeft_(kMaxIssuerCandidates) {
  for (const Input& der : intermediates) {
    // An anchor is found as an anchor: a root that the server sends along would only be tried a second time.
    if (anchors_.Contains(der)) continue;
    BackCert parsed(der, EndEntityOrCA::MustBeCA, nullptr);
    // A certificate with an extension that is not understood has been parsed up to there, and is worth being tried as
    // an issuer for the error that it gives. Without a subject it can be nobody's issuer.
    if (parsed.Init() != Success && parsed.GetSubject().GetLength() == 0) continue;
    intermediates_.push_back({der, View(parsed.GetSubject())});
  }
}

Result ServerTrustDomain::GetCertTrust(EndEntityOrCA, const CertPolicyId&, Input candidate, TrustLevel& trustLevel) {
  trustLevel = anchors_.Contains(candidate) ? TrustLevel::TrustAnchor : TrustLevel::InheritsTrust;
  return Success;
}

Result ServerTrustDomain::FindIssuer(Input encodedIssuerName, IssuerChecker& checker, Time) {
  bool keepGoing = true;
  const auto check = [&](Input candidate) {
    if (candidatesLeft_ == 0) {
      keepGoing = false;
      return Success;
    }
    candidatesLeft_--;
    // Name constraints within the candidate are enforced by Check(); there are none besides.
    return checker.Check(candidate, nullptr, keepGoing);
  };
  // Anchors first: that ends the path at once.
  for (const Input& anchor : anchors_.WithSubject(encodedIssuerName)) {
    if (const Result rv = check(anchor); rv != Success || !keepGoing) return rv;
  }
  for (const Intermediate& intermediate : intermediates_) {
    if (intermediate.subject != View(encodedIssuerName)) continue;
    if (const Result rv = check(intermediate.der); rv != Success || !keepGoing) return rv;
  }
  return Success;
}

Result ServerTrustDomain::IsChainValid(const DERArray&, Time, const CertPolicyId&) { return Success; }

Result ServerTrustDomain::CheckRevocation(EndEntityOrCA, const CertID&, Time, Duration, const Input*, const Input*,
                                          const Input*) {
  return Success;
}

Result ServerTrustDomain::CheckSignatureDigestAlgorithm(DigestAlgorithm algorithm, EndEntityOrCA, Time) {
  // MD5 and older are unknown to mozilla::pkix and have been refused before this is asked.
  return algorithm == DigestAlgorithm::sha1 ? Result::ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED : Success;
}

Result ServerTrustDomain::CheckRSAPublicKeyModulusSizeInBits(EndEntityOrCA, unsigned int bits) {
  return bits < kMinRsaBits ? Result::ERROR_INADEQUATE_KEY_SIZE : Success;
}

Result ServerTrustDomain::CheckECDSACurveIsAcceptable(EndEntityOrCA, NamedCurve curve) {
  switch (curve) {
    case NamedCurve::secp256r1:
    case NamedCurve::secp384r1:
    case NamedCurve::secp521r1:
      return Success;
  }
  return Result::ERROR_UNSUPPORTED_ELLIPTIC_CURVE;
}

bool ServerTrustDomain::SpendSignature() {
  if (signaturesLeft_ == 0) return false;
  signaturesLeft_--;
  return true;
}

Result ServerTrustDomain::VerifyRSAPKCS1SignedData(Input data, DigestAlgorithm algorithm, Input signature,
                                                   Input publicKeyInfo) {
  if (!SpendSignature()) return Result::ERROR_UNKNOWN_ISSUER;
  return VerifyRSAPKCS1SignedDataNSS(data, algorithm, signature, publicKeyInfo, nullptr);
}

Result ServerTrustDomain::VerifyRSAPSSSignedData(Input data, DigestAlgorithm algorithm, Input signature,
                                                 Input publicKeyInfo) {
  if (!SpendSignature()) return Result::ERROR_UNKNOWN_ISSUER;
  return VerifyRSAPSSSignedDataNSS(data, algorithm, signature, publicKeyInfo, nullptr);
}

Result ServerTrustDomain::VerifyECDSASignedData(Input data, DigestAlgorithm algorithm, Input signature,
                                                Input publicKeyInfo) {
  if (!SpendSignature()) return Result::ERROR_UNKNOWN_ISSUER;
  return VerifyECDSASignedDataNSS(data, algorithm, signature, publicKeyInfo, nullptr);
}

Result ServerTrustDomain::CheckValidityIsAcceptable(Time, Time, EndEntityOrCA, KeyPurposeId) {
  // No limit on the length of the validity period: private CAs issue for decades.
  return Success;
}

Result ServerTrustDomain::NetscapeStepUpMatchesServerAuth(Time, bool& matches) {
  matches = false;
  return Success;
}

void ServerTrustDomain::NoteAuxiliaryExtension(AuxiliaryExtension, Input) {}

Result ServerTrustDomain::DigestBuf(Input item, DigestAlgorithm algorithm, uint8_t* digest, size_t digestLength) {
  return DigestBufNSS(item, algorithm, digest, digestLength);
}

}  // namespace necko
