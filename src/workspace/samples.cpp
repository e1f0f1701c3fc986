#include "workspace/samples.h"

#include <algorithm>

#include "base/shared_files.h"

namespace winnow {

std::string_view Sample::contents() const {
  const auto embedded = EmbeddedFiles();
  const auto found = std::ranges::find(embedded, "samples/" + name + ".tsv", &EmbeddedFile::path);
  return found == embedded.end() ? std::string_view() : found->contents;
}

std::span<const Sample> Samples() {
  static const std::vector<Sample> samples = {{.name = "messages",
                                               .title = "600 made-up messages, spam or not",
                                               .file = "sample-messages.tsv",
                                               .texts = 600,
                                               .labels = {"ham", "spam"}}};
  return samples;
}

const Sample* FindSample(std::string_view name) {
  const auto samples = Samples();
  const auto found = std::ranges::find(samples, name, &Sample::name);
  return found == samples.end() ? nullptr : &*found;
}

}  // namespace winnow
