#include "bundle/wheel.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "bundle/hub_cache.h"
#include "net/zip_archive.h"

namespace winnow {
namespace {

constexpr uint64_t kMaxWeightBytes = uint64_t{16} << 30;
constexpr uint64_t kMaxFileBytes = uint64_t{256} << 20;
constexpr zip_int64_t kMaxWheelEntries = 100'000;

struct Entry {
  zip_uint64_t index;
  uint64_t size;
};

}  // namespace

struct Wheel::State {
  std::string where;
  ZipArchive zip;
  std::vector<std::string> files;
  std::map<std::string, Entry> entries;
};

Wheel::Wheel(std::unique_ptr<State> state) : state_(std::move(state)) {}
Wheel::Wheel(Wheel&&) noexcept = default;
Wheel& Wheel::operator=(Wheel&&) noexcept = default;
Wheel::~Wheel() = default;

Result<Wheel> Wheel::Open(const std::filesystem::path& path) {
  auto state = std::make_unique<State>();
  state->where = path.string();
  state->zip = TRY(OpenZip(path));
  const zip_int64_t count = zip_get_num_entries(state->zip.get(), 0);
  if (count > kMaxWheelEntries)
    return Fail(ErrorCode::kInvalidData, fmt::format("{}: has {} entries, too many for a model", path.string(), count));

  std::map<std::string, std::map<std::string, Entry>> by_directory;
  for (zip_uint64_t index = 0; index < static_cast<zip_uint64_t>(count); ++index) {
    zip_stat_t status;
    zip_stat_init(&status);
    if (zip_stat_index(state->zip.get(), index, 0, &status) != 0) continue;
    if ((status.valid & ZIP_STAT_NAME) == 0 || (status.valid & ZIP_STAT_SIZE) == 0) continue;
    const std::string name = status.name;
    const size_t slash = name.rfind('/');
    const std::string directory = slash == std::string::npos ? "" : name.substr(0, slash);
    const std::string file = slash == std::string::npos ? name : name.substr(slash + 1);
    if (IsModelFile(file)) by_directory[directory].insert_or_assign(file, Entry{index, status.size});
  }
  const auto holds_model = [](const auto& each) {
    return each.second.contains("model.safetensors") && each.second.contains("config.json");
  };
  const auto found = std::ranges::find_if(by_directory, holds_model);
  if (found == by_directory.end())
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{}: contains no model.safetensors with a config.json", path.string()));
  state->entries = std::move(found->second);
  for (const auto& [file, entry] : state->entries) state->files.push_back(file);
  return Wheel(std::move(state));
}

const std::vector<std::string>& Wheel::files() const { return state_->files; }

Result<void> Wheel::Extract(const std::string& file, const std::filesystem::path& target) const {
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorCode::kInvalidData, fmt::format("{}: '{}' {}", state_->where, file, why));
  };
  const auto found = state_->entries.find(file);
  if (found == state_->entries.end()) return bad("is not in the archive");
  const Entry entry = found->second;
  const uint64_t limit = file.ends_with(".safetensors") ? kMaxWeightBytes : kMaxFileBytes;
  if (entry.size > limit) return bad(fmt::format("has {} bytes; the limit is {} bytes", entry.size, limit));
  const ZipEntry opened(zip_fopen_index(state_->zip.get(), entry.index, 0));
  if (!opened) return bad(fmt::format("cannot be opened: {}", zip_strerror(state_->zip.get())));
  return WriteFileAtomically(target, [&](const FileSink& sink) -> Result<void> {
    std::vector<std::byte> buffer(1 << 18);
    uint64_t written = 0;
    for (;;) {
      const zip_int64_t count = zip_fread(opened.get(), buffer.data(), buffer.size());
      if (count < 0) return bad(fmt::format("cannot be unpacked: {}", zip_file_strerror(opened.get())));
      if (count == 0) break;
      written += static_cast<uint64_t>(count);
      if (written > entry.size) return bad("is larger than the archive specifies");
      TRY(sink(std::span(buffer).first(static_cast<size_t>(count))));
    }
    if (written != entry.size) return bad("is smaller than the archive specifies");
    return {};
  });
}

}  // namespace winnow
