/// The check of digests where a bundle is not a directory: whoever loads the files checks them before they are added.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace winnow {

struct BundleTrust {};

inline BundleTrust DefaultBundleTrust() { return {}; }

class LoadCheck {
 public:
  static Result<LoadCheck> Begin(const std::filesystem::path&, std::initializer_list<std::string_view>,
                                 const BundleTrust&) {
    return LoadCheck();
  }

  template <typename Load>
  auto Around(Load&& load) -> decltype(load()) {
    return std::forward<Load>(load)();
  }
};

}  // namespace winnow
