#include "anchor-store.h"

#include "mozpkix/pkixutil.h"

namespace necko {

using mozilla::pkix::BackCert;
using mozilla::pkix::EndEntityOrCA;
using mozilla::pkix::Input;
using mozilla::pkix::Success;

AnchorStore::AnchorStore(std::vector<Der> certificates) : certificates_(std::move(certificates)) {
  for (const Der& certificate : certificates_) {
    Input der;
    if (der.Init(reinterpret_cast<const uint8_t*>(certificate.data()), certificate.size()) != Success) continue;
    BackCert parsed(der, EndEntityOrCA::MustBeCA, nullptr);
    if (parsed.Init() != Success) continue;
    if (!whole_.insert(View(der)).second) continue;
    bySubject_[View(parsed.GetSubject())].push_back(der);
  }
}

const std::vector<Input>& AnchorStore::WithSubject(Input subject) const {
  static const std::vector<Input> kNone;
  const auto found = bySubject_.find(View(subject));
  return found == bySubject_.end() ? kNone : found->second;
}

}  // namespace necko
