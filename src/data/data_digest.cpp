#include "data/data_digest.h"

#include "base/hash.h"

namespace winnow {

std::string DataSha256(const Dataset& dataset) {
  Hasher hasher(Hasher::Kind::kSha256);
  CanonicalBytes(dataset, [&](std::string_view bytes) { hasher.Update(bytes); });
  return hasher.Hex();
}

}  // namespace winnow
