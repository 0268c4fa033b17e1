// The trust anchors of a CertVerifier.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "mozpkix/pkixtypes.h"

namespace necko {

/** Bytes of a DER encoding. */
using Der = std::string;

inline std::string_view View(mozilla::pkix::Input input) {
  return {reinterpret_cast<const char*>(input.UnsafeGetData()), input.GetLength()};
}

/**
 * Trust anchors in DER, indexed by subject and by whole certificate. What mozilla::pkix cannot parse is left out.
 *
 * Thread: immutable after construction, so any number of threads may read it.
 */
class AnchorStore {
 public:
  explicit AnchorStore(std::vector<Der> certificates);
  AnchorStore(const AnchorStore&) = delete;
  AnchorStore& operator=(const AnchorStore&) = delete;

  /** Number of distinct anchors. */
  size_t size() const { return whole_.size(); }
  /** Whether this very certificate is an anchor. */
  bool Contains(mozilla::pkix::Input der) const { return whole_.count(View(der)) != 0; }
  /** Anchors with this subject (a DER Name). */
  const std::vector<mozilla::pkix::Input>& WithSubject(mozilla::pkix::Input subject) const;

 private:
  /** Backs all views below: never changed after construction. */
  const std::vector<Der> certificates_;
  std::unordered_set<std::string_view> whole_;
  std::unordered_map<std::string_view, std::vector<mozilla::pkix::Input>> bySubject_;
};

}  // namespace necko
