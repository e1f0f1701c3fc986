#include "report/report_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

TEST(SourcesOf, ReadsTheFilesInTheSpecifiedFormat) {
  const TemporaryDirectory dir;
  const std::filesystem::path file = dir.path() / "data.csv";
  std::string utf16;
  for (const char c : std::string_view("text,label,source\nwin a prize,spam,sms\nsee you at six,ham,mail\n")) {
    utf16 += {c, '\0'};
  }
  ASSERT_TRUE(WriteFileAtomically(file, utf16));
  const std::vector<std::filesystem::path> files = {file};
  const FormatOptions format{.encoding = "utf-16le"};
  ReadReport report;
  const auto dataset = ReadDataset(files, {.format = format}, report);
  ASSERT_TRUE(dataset) << dataset.error().Text();
  const auto sources = SourcesOf(files, {}, format, *dataset);
  ASSERT_TRUE(sources) << sources.error().Text();
  EXPECT_THAT(*sources, testing::ElementsAre("sms", "mail"));
}

}  // namespace
}  // namespace winnow
