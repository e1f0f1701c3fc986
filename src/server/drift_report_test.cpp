#include "server/drift_report.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

TEST(DriftReport, IsTheLastOneThatWasKept) {
  const TemporaryDirectory directory;
  const std::filesystem::path workspace = directory.path() / "workspace";
  std::filesystem::create_directory(workspace);
  EXPECT_TRUE(ReadDriftReport(workspace).is_null());
  EXPECT_TRUE(ReadDriftReport({}).is_null()) << "a server without a workspace";
  for (const char* verdict : {"changed", "as before"}) {
    ASSERT_TRUE(KeepDriftReport(workspace, Json{{"verdict", verdict}}.dump()));
    EXPECT_EQ(ReadDriftReport(workspace)["verdict"].str(), verdict);
  }
}

TEST(DriftReport, IsNullForAFileThatIsNone) {
  const TemporaryDirectory directory;
  for (const char* contents : {"", "no JSON", "[]"}) {
    ASSERT_TRUE(KeepDriftReport(directory.path(), contents));
    EXPECT_TRUE(ReadDriftReport(directory.path()).is_null()) << contents;
  }
}

TEST(DriftReport, IsNotKeptWhereAFileIsInTheWay) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(WriteFileAtomically(directory.path() / "reports", "a file"));
  EXPECT_FALSE(KeepDriftReport(directory.path(), "{}"));
}

}  // namespace
}  // namespace winnow
