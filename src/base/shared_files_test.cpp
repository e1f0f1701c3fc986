#include "base/shared_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "support/source_directory.h"

namespace winnow {
namespace {

TEST(SharedFiles, TheProgramContainsEveryFileOfShareWinnowAsItIs) {
  const std::filesystem::path share = SourceDirectory() / "share" / "winnow";
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(share)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string path = entry.path().lexically_relative(share).string();
    const auto found = std::ranges::find(EmbeddedFiles(), path, &EmbeddedFile::path);
    ASSERT_NE(found, EmbeddedFiles().end()) << path;
    EXPECT_EQ(found->contents, ReadFile(entry.path()).value()) << path;
  }
  // Besides, it has the sample of messages.
  const auto sample = std::ranges::find(EmbeddedFiles(), "samples/messages.tsv", &EmbeddedFile::path);
  ASSERT_NE(sample, EmbeddedFiles().end());
  EXPECT_EQ(sample->contents, ReadFile(SourceDirectory() / "examples" / "data" / "messages.tsv").value());
  EXPECT_EQ(EmbeddedFiles().size(), files + 1);
}

TEST(SharedFiles, AnUnknownFileIsNone) {
  EXPECT_THAT(SharedFileNames("presets"), testing::Contains("sms-spam.toml"));
  EXPECT_FALSE(ReadSharedFile("presets", "no-such.toml")->has_value());
  EXPECT_THAT((*ReadSharedFile("presets", "sms-spam.toml"))->contents, testing::HasSubstr("base-model"));
}

}  // namespace
}  // namespace winnow
