// Whatever a file holds, reading it ends with texts or an error: swept truncations, random bytes, random edits.
#include <gtest/gtest.h>

#include <fstream>

#include "data/dataset.h"
#include "data/random.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

const std::vector<std::pair<std::string, std::string>>& Samples() {
  static const std::vector<std::pair<std::string, std::string>> samples = {
      {"a.csv", "text,label\n\"one, \"\"two\"\"\nthree\",x\nplain,y\n\"\",y\nlast caf\u00e9,x\n"},
      {"a.tsv", "ham\t\"Hello\nspam\tWin \"cash\" now\nham\tok\nspam\t\u6587\u5b57 \U0001F600\n"},
      {"a.jsonl", "{\"text\": \"a\\u00e9\", \"labels\": [\"x\", 1]}\n{\"text\": \"b\", \"labels\": []}\n"},
      {"a.json",
       "{\n \"train\": [[\"one\", \"x\"], [\"two\", \"y\"]],\n \"test\": [{\"text\": \"t\", \"label\": \"x\"}]}\n"},
      {"a.txt", "__label__ham hello\n__label__spam __label__x win\n"},
  };
  return samples;
}

/// Reads the bytes in both ways and checks what holds for every result.
void Check(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;  // no fsync, which would be most of the time here
  ReadReport report;
  const std::vector<std::filesystem::path> files = {file};
  if (const Result<Dataset> dataset = ReadDataset(files, {}, report); dataset) {
    EXPECT_EQ(report.kept(), dataset->examples.size());
    size_t dropped = 0;
    for (size_t i = 0; i < kDropReasons; ++i) dropped += report.Dropped(static_cast<DropReason>(i));
    EXPECT_EQ(report.rows(), report.kept() + dropped);
    for (const Example& example : dataset->examples) {
      for (const int32_t id : example.labels) EXPECT_LT(static_cast<size_t>(id), dataset->labels.size());
    }
  } else {
    EXPECT_FALSE(dataset.error().message.empty());
    EXPECT_NE(dataset.error().code, ErrorCode::kInternal);
  }
  EXPECT_FALSE(report.ToJson().empty());
  const Result<std::vector<std::string>> texts = ReadTexts(file, {});
  EXPECT_TRUE(texts || !texts.error().message.empty());
}

TEST(HostileInput, SurvivesEveryTruncation) {
  const TemporaryDirectory directory;
  for (const auto& [name, contents] : Samples()) {
    for (size_t size = 0; size < contents.size(); ++size) Check(directory.path() / name, contents.substr(0, size));
  }
}

TEST(HostileInput, SurvivesRandomEdits) {
  const TemporaryDirectory directory;
  SplitMix64 random(3);
  using namespace std::string_literals;
  const std::string specials = "\"\\,\t\n\r\0{}[]:;|\xff\xfe\xef\x1e_"s;
  for (const auto& [name, contents] : Samples()) {
    for (int round = 0; round < 150; ++round) {
      std::string bytes = contents;
      for (uint64_t edits = 1 + random.Below(6); edits > 0; --edits) {
        bytes[random.Below(bytes.size())] = specials[random.Below(specials.size())];
      }
      Check(directory.path() / name, bytes);
    }
  }
}

TEST(HostileInput, SurvivesRandomBytes) {
  const TemporaryDirectory directory;
  SplitMix64 random(5);
  for (const auto& [name, contents] : Samples()) {
    for (int round = 0; round < 60; ++round) {
      std::string bytes;
      for (uint64_t i = random.Below(300); i > 0; --i)
        bytes += static_cast<char>(random.Below(round % 2 == 0 ? 256 : 128));
      Check(directory.path() / name, bytes);
    }
  }
}

TEST(HostileInput, SurvivesDeepJson) {
  const TemporaryDirectory directory;
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  Check(directory.path() / "a.jsonl",
        "{\"text\": " + deep + ", \"label\": " + deep + "}\n{\"text\": \"a\", \"label\": \"b\"}\n");
  Check(directory.path() / "a.json", "[" + deep + "]");
  Check(directory.path() / "b.json", std::string(500000, '{'));
}

}  // namespace
}  // namespace winnow
