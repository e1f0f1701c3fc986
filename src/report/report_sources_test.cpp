#include "report/report_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dataset_files.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReportSources : public DatasetFiles {};

TEST_F(ReportSources, FilesAreReadInTheFormatThatWasGiven) {
  const std::vector<std::filesystem::path> files = {Write("a.txt", "text^label^source\na^x^web\nb^y^app\nc^x^\n")};
  const FormatOptions format{.delimiter = "^"};
  const Result<Dataset> dataset = Read(files[0], {.format = format});
  ASSERT_TRUE(dataset) << dataset.error().Text();
  const auto sources = SourcesOf(files, {.text = "", .labels = {}, .format = format}, *dataset);
  ASSERT_TRUE(sources) << sources.error().Text();
  EXPECT_THAT(*sources, ElementsAre("web", "app", "(none)"));
  EXPECT_THAT(*SourcesOf(files, {.text = "source", .labels = {}, .format = format}, *dataset), IsEmpty());
}

}  // namespace
}  // namespace winnow
