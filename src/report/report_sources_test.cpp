#include "report/report_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dataset_files.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReportSources : public DatasetFiles {};

TEST_F(ReportSources, FilesAreReadInTheSpecifiedDelimiter) {
  const std::vector<std::filesystem::path> files = {Write("a.txt", "text^label^source\na^x^web\nb^y^app\nc^x^\n")};
  const FormatOptions format{.delimiter = "^"};
  const Result<Dataset> dataset = Read(files[0], {.format = format});
  ASSERT_TRUE(dataset) << dataset.error().Text();
  const auto sources = SourcesOf(files, {}, format, *dataset);
  ASSERT_TRUE(sources) << sources.error().Text();
  EXPECT_THAT(*sources, ElementsAre("web", "app", "(none)"));
  EXPECT_THAT(*SourcesOf(files, {.text = "source", .labels = {}}, format, *dataset), IsEmpty());
}

TEST_F(ReportSources, FilesAreReadInTheSpecifiedEncoding) {
  std::string utf16;
  for (const char c : std::string_view("text,label,source\nwin a prize,spam,sms\nsee you at six,ham,mail\n")) {
    utf16 += {c, '\0'};
  }
  const std::vector<std::filesystem::path> files = {Write("data.csv", utf16)};
  const FormatOptions format{.encoding = "utf-16le"};
  const Result<Dataset> dataset = Read(files[0], {.format = format});
  ASSERT_TRUE(dataset) << dataset.error().Text();
  const auto sources = SourcesOf(files, {}, format, *dataset);
  ASSERT_TRUE(sources) << sources.error().Text();
  EXPECT_THAT(*sources, ElementsAre("sms", "mail"));
}

}  // namespace
}  // namespace winnow
