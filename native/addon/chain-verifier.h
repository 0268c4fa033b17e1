// The verdict on a server's certificate chain.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "anchor-store.h"
#include "mozpkix/Result.h"

namespace necko {

/**
 * Verifies the chain of a TLS server: path to an anchor, validity, key usage and purpose, name constraints, algorithms
 * (BuildCertChain), then the host name (CheckCertHostname).
 *
 * A server certificate that is itself an anchor is accepted even if it is a CA certificate or self-signed, as OpenSSL
 * does with Node's `ca: selfSigned`; its validity, key, key usage and host name are still checked.
 *
 * Thread: any; NSS must have been initialised.
 *
 * @param chain DER, leaf first; of the rest the first 32 are considered, in any order
 * @param hostName normalised ASCII DNS name, or IP literal without brackets and zone
 * @param timeSeconds seconds since the epoch
 */
mozilla::pkix::Result VerifyServerChain(const AnchorStore& anchors, const std::vector<Der>& chain,
                                        const std::string& hostName, uint64_t timeSeconds);

}  // namespace necko
