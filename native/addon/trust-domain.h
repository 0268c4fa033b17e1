// What mozilla::pkix asks of us while it builds a path.
#pragma once

#include <vector>

#include "anchor-store.h"
#include "mozpkix/pkixtypes.h"

namespace necko {

/**
 * Policy for certificates of TLS servers: which certificates are trusted, where issuers are found, and which algorithms
 * and keys are good enough (as Firefox's NSSCertDBTrustDomain has it: no SHA-1, RSA from 2048 bits, the NIST curves).
 * There is no revocation checking and no Certificate Transparency, as in Node's tls.
 *
 * The chain comes from the network, so the work that it can cause is bounded by budgets over one verification. A chain
 * that exhausts them ends as one whose issuer is not known.
 *
 * Thread: one object serves one verification on one thread.
 */
class ServerTrustDomain final : public mozilla::pkix::TrustDomain {
 public:
  /** Both must outlive this. `intermediates` are what the peer sent besides its own certificate. */
  ServerTrustDomain(const AnchorStore& anchors, const std::vector<mozilla::pkix::Input>& intermediates);

  mozilla::pkix::Result GetCertTrust(mozilla::pkix::EndEntityOrCA endEntityOrCA,
                                     const mozilla::pkix::CertPolicyId& policy, mozilla::pkix::Input candidate,
                                     mozilla::pkix::TrustLevel& trustLevel) override;
  mozilla::pkix::Result FindIssuer(mozilla::pkix::Input encodedIssuerName, IssuerChecker& checker,
                                   mozilla::pkix::Time time) override;
  mozilla::pkix::Result IsChainValid(const mozilla::pkix::DERArray& chain, mozilla::pkix::Time time,
                                     const mozilla::pkix::CertPolicyId& requiredPolicy) override;
  mozilla::pkix::Result CheckRevocation(mozilla::pkix::EndEntityOrCA endEntityOrCA, const mozilla::pkix::CertID& certId,
                                        mozilla::pkix::Time time, mozilla::pkix::Duration validityDuration,
                                        const mozilla::pkix::Input* stapledOcspResponse,
                                        const mozilla::pkix::Input* aiaExtension,
                                        const mozilla::pkix::Input* sctExtension) override;
  mozilla::pkix::Result CheckSignatureDigestAlgorithm(mozilla::pkix::DigestAlgorithm algorithm,
                                                      mozilla::pkix::EndEntityOrCA endEntityOrCA,
                                                      mozilla::pkix::Time notBefore) override;
  mozilla::pkix::Result CheckRSAPublicKeyModulusSizeInBits(mozilla::pkix::EndEntityOrCA endEntityOrCA,
                                                           unsigned int bits) override;
  mozilla::pkix::Result CheckECDSACurveIsAcceptable(mozilla::pkix::EndEntityOrCA endEntityOrCA,
                                                    mozilla::pkix::NamedCurve curve) override;
  mozilla::pkix::Result VerifyRSAPKCS1SignedData(mozilla::pkix::Input data, mozilla::pkix::DigestAlgorithm algorithm,
                                                 mozilla::pkix::Input signature,
                                                 mozilla::pkix::Input publicKeyInfo) override;
  mozilla::pkix::Result VerifyRSAPSSSignedData(mozilla::pkix::Input data, mozilla::pkix::DigestAlgorithm algorithm,
                                               mozilla::pkix::Input signature,
                                               mozilla::pkix::Input publicKeyInfo) override;
  mozilla::pkix::Result VerifyECDSASignedData(mozilla::pkix::Input data, mozilla::pkix::DigestAlgorithm algorithm,
                                              mozilla::pkix::Input signature,
                                              mozilla::pkix::Input publicKeyInfo) override;
  mozilla::pkix::Result CheckValidityIsAcceptable(mozilla::pkix::Time notBefore, mozilla::pkix::Time notAfter,
                                                  mozilla::pkix::EndEntityOrCA endEntityOrCA,
                                                  mozilla::pkix::KeyPurposeId keyPurpose) override;
  mozilla::pkix::Result NetscapeStepUpMatchesServerAuth(mozilla::pkix::Time notBefore, bool& matches) override;
  void NoteAuxiliaryExtension(mozilla::pkix::AuxiliaryExtension extension, mozilla::pkix::Input data) override;
  mozilla::pkix::Result DigestBuf(mozilla::pkix::Input item, mozilla::pkix::DigestAlgorithm algorithm, uint8_t* digest,
                                  size_t digestLength) override;

 private:
  struct Intermediate {
    mozilla::pkix::Input der;
    std::string_view subject;
  };

  /** Whether another signature may be checked. */
  bool SpendSignature();

  const AnchorStore& anchors_;
  std::vector<Intermediate> intermediates_;
  unsigned int signaturesLeft_;
  unsigned int candidatesLeft_;
};

}  // namespace necko
