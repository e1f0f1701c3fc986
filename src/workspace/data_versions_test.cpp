#include "workspace/data_versions.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "base/replace_file.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class DataVersionsTest : public testing::Test {
 protected:
  void Write(const fs::path& name) {
    fs::create_directories((path_ / name).parent_path());
    ASSERT_TRUE(WriteFileAtomically(path_ / name, name.string()));
  }
  std::vector<std::pair<std::string, std::string>> All() {
    std::vector<std::pair<std::string, std::string>> all;
    const Result<std::vector<DataVersion>> versions = AllDataVersions(path_);
    EXPECT_TRUE(versions);
    for (const DataVersion& each : *versions) all.emplace_back(each.path.lexically_relative(path_), each.name);
    return all;
  }

  TemporaryDirectory dir_;
  const fs::path path_ = dir_.path() / "data";
};

TEST_F(DataVersionsTest, HaveTheNamesOfTheirFiles) {
  for (const char* const name : {"a.csv", "mails/b.tsv", ".former/a.csv/1", ".former/a.csv/2", ".trash/c.csv/file",
                                 ".trash/c.csv/former/7", ".uploads/part", "a.csv.replaced", ".hidden/d.csv"}) {
    Write(name);
  }
  fs::create_symlink(path_ / "a.csv", path_ / "link.csv");
  EXPECT_THAT(All(), ElementsAre(std::pair(".former/a.csv/1", "a.csv"), std::pair(".former/a.csv/2", "a.csv"),
                                 std::pair(".trash/c.csv/file", "c.csv"), std::pair(".trash/c.csv/former/7", "c.csv"),
                                 std::pair("a.csv", "a.csv"), std::pair("mails/b.tsv", "b.tsv")));
  EXPECT_EQ(AllDataVersions(dir_.path() / "none")->size(), 0u);
}

TEST_F(DataVersionsTest, AreReplacedThroughALinkWithTheirName) {
  Write(".former/a.csv/1");
  const DataVersion version{path_ / ".former/a.csv/1", "a.csv"};
  ASSERT_TRUE(UseByName(version, [](const fs::path& path) {
    EXPECT_EQ(path.filename(), "a.csv");
    return ReplaceFile(path, "new");
  }));
  EXPECT_EQ(ReadFile(version.path).value(), "new");
  EXPECT_FALSE(fs::is_symlink(version.path));
}

TEST_F(DataVersionsTest, UnfinishedOnesAreCountedAndRemoved) {
  EXPECT_EQ(RemoveUnfinishedData(path_, false).value(), 0u);
  Write(".uploads/one");
  Write(".uploads/two");
  EXPECT_EQ(RemoveUnfinishedData(path_, /*dry_run=*/true).value(), 2u);
  EXPECT_EQ(RemoveUnfinishedData(path_, false).value(), 2u);
  EXPECT_TRUE(fs::is_empty(path_ / ".uploads"));
}

}  // namespace
}  // namespace winnow
