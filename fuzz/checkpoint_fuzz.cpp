// Any bytes as a checkpoint: the state of the trainer, and the moments of the optimizer of a small model, with the
// length of their header as it must be.
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "../tests/support/tiny_config.h"
#include "base/threads.h"
#include "encoder/model.h"
#include "input_bytes.h"
#include "input_files.h"
#include "train/checkpoint.h"
#include "train/optimizer.h"

namespace {

struct Trained {
  winnow::ThreadPool pool{1};
  winnow::Model model = winnow::Model::Fresh(winnow::TinyConfig(), 1);
  winnow::Optimizer optimizer{model, {}, pool};
};

/// Returns a file of moments as the optimizer writes it, but for what the input says.
std::string Moments(winnow::InputBytes& input, const winnow::Model& model) {
  const size_t width = static_cast<size_t>(winnow::EmbeddingSize(model.config()));
  const size_t rest = winnow::Optimizer::Floats(model.layout(), 0) - model.layout().matrices;
  const std::string_view steps = input.Text(20);
  std::string ids;
  for (size_t count = input.Below(5); count > 0; --count) {
    ids += static_cast<char>(input.Byte());
    ids.append(3, input.Below(16) == 15 ? '\xff' : '\0');
  }
  std::string header, data;
  const auto add = [&](std::string_view name, std::string_view type, size_t count, const std::string& bytes) {
    const size_t begin = data.size();
    data += bytes;
    header += fmt::format(R"(,"{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", name, type, count, begin,
                          data.size());
  };
  add("used_ids", input.Below(8) == 7 ? "F32" : "I32", ids.size() / 4, ids);
  for (const char* const name : {"first", "second"}) {
    const size_t off = input.Below(8) == 7 ? 1 : 0;
    std::string values(4 * (rest + off), '\0');
    if (input.Below(8) == 7) values.replace(4 * input.Byte(), 4, std::string("\0\0\xc0\x7f", 4));  // NaN
    if (input.Below(16) != 15) add(name, "F32", rest + off, values);
    if (input.Below(16) != 15)
      add(std::string(name) + ".words", "F32", ids.size() / 4 * width, std::string(ids.size() * width, '\1'));
  }
  header = R"({"__metadata__":{"winnow.steps":")" + std::string(steps) + "\"}" + header + "}";
  std::string file;
  for (int shift = 0; shift < 64; shift += 8) file += static_cast<char>(uint64_t{header.size()} >> shift & 0xff);
  return file + header + data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const winnow::MemoryDirectory kDirectory;
  static const winnow::MemoryFile kFile;
  static Trained trained;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::filesystem::path path = winnow::CheckpointPath(kDirectory.path(), 3);
  kDirectory.Write("checkpoint-3/trainer_state.json", text);
  if (const auto checkpoint = winnow::ReadCheckpoint(path)) {
    static_cast<void>(checkpoint->Resume());
    static_cast<void>(
        winnow::RequireSameRun(*checkpoint, winnow::ParsedJson(R"({"epochs": 3, "data": {"sha256": "a"}})")));
    if (!winnow::RequireSameRun(*checkpoint, checkpoint->run)) std::abort();
  }
  winnow::InputBytes input(data, size);
  kFile.Set(Moments(input, trained.model));
  static_cast<void>(trained.optimizer.Load(kFile.path()));
  return 0;
}
