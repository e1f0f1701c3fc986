/// Download of a public data set, and its conversion to files that `winnow train` reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "data/public_sets.h"

namespace winnow {

struct FetchOptions {
  std::filesystem::path output_dir{};
  std::string mirror{};    ///< downloads from MIRROR/SET/FILE; empty: from the addresses of the set
  bool verify = true;      ///< refuse files whose digest differs from the known one
  bool overwrite = false;  ///< replace files that an earlier fetch did not write
  /// Receives the name of the file, and the bytes so far and in total (0: unknown). Returning false cancels.
  std::function<bool(std::string_view file, uint64_t done, uint64_t total)> progress = [](auto&&...) { return true; };
  /// Receive one line each: a note, and something unexpected.
  std::function<void(const std::string&)> note = [](const auto&) {}, warn = [](const auto&) {};
};

/// A set that was fetched.
struct FetchedSet {
  std::vector<PublicPart> parts;  ///< with the number of rows that were written
  Json record;                    ///< the contents of source.json
};

/// Downloads the files of a set into output_dir/source, checks their digests, writes the parts into output_dir, and
/// records the source of each file in output_dir/source.json. Files that were downloaded before are not downloaded
/// again, and an interrupted download is resumed. Errors: kExists for files that an earlier fetch did not write;
/// kNetwork, saying what was tried and what to do, and for a wrong digest; those of unpacking and converting; kIo;
/// kCancelled.
Result<FetchedSet> FetchPublicSet(const PublicSet& set, const FetchOptions& options);

/// Returns the description of a set: {name, title, homepage, licence, citation}.
Json PublicSetJson(const PublicSet& set);

}  // namespace winnow
