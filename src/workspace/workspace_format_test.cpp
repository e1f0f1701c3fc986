#include "workspace/workspace_format.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/error_of.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using testing::HasSubstr;

TEST(WorkspaceFormat, IsWrittenOnceAndReadAfterwards) {
  const TemporaryDirectory directory;
  const std::filesystem::path workspace = directory.path() / "new" / "workspace";
  ASSERT_TRUE(OpenWorkspaceFormat(workspace));
  const std::string written = ReadFile(workspace / "workspace.json").value();
  EXPECT_THAT(written, HasSubstr(R"("format":1)"));
  ASSERT_TRUE(WriteFileAtomically(workspace / "workspace.json", R"({"format":1,"later":true})"));
  ASSERT_TRUE(OpenWorkspaceFormat(workspace)) << "fields of a later version are no error";
  EXPECT_THAT(ReadFile(workspace / "workspace.json").value(), HasSubstr("later"));
}

TEST(WorkspaceFormat, ThatIsNewerIsRefusedWithTheVersionThatReadsIt) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(WriteFileAtomically(directory.path() / "workspace.json", R"({"format":2,"written_by":"7.8.9"})"));
  const Error error = ErrorOf(OpenWorkspaceFormat(directory.path()));
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_THAT(error.message,
              HasSubstr(fmt::format("the workspace has format 2, written by Winnow 7.8.9, and this program, Winnow {}, "
                                    "reads formats up to 1",
                                    WINNOW_VERSION)));
  EXPECT_EQ(error.hint, "use Winnow 7.8.9 or a newer version");
}

TEST(WorkspaceFormat, ThatIsNoNumberIsAnError) {
  const TemporaryDirectory directory;
  for (const char* const text : {"", "[]", R"({"format":"one"})"}) {
    ASSERT_TRUE(WriteFileAtomically(directory.path() / "workspace.json", text));
    EXPECT_FALSE(OpenWorkspaceFormat(directory.path())) << text;
  }
}

}  // namespace
}  // namespace winnow
