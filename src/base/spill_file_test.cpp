#include "base/spill_file.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/error_of.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

std::vector<std::string> RecordsOf(const SpillFile& file) {
  std::vector<std::string> records;
  EXPECT_TRUE(file.ForEach([&](std::string_view record) -> Result<void> {
    records.emplace_back(record);
    return {};
  }));
  return records;
}

TEST(SpillFile, GivesBackWhatWasAdded) {
  const TemporaryDirectory directory;
  SpillFile file(directory.path());
  std::vector<std::string> expected = {"", "a", std::string("\0\n", 2)};
  for (const std::string& record : expected) ASSERT_TRUE(file.Add(record));
  EXPECT_EQ(RecordsOf(file), expected);
  // Beyond memory, with records of all sizes up to more than is read at once.
  for (size_t size = 1; size < (size_t{6} << 20); size = size * 3 / 2 + 1) {
    expected.emplace_back(size, static_cast<char>('a' + size % 26));
    ASSERT_TRUE(file.Add(expected.back()));
  }
  EXPECT_EQ(RecordsOf(file), expected);
  ASSERT_TRUE(file.Add("the last"));
  expected.emplace_back("the last");
  EXPECT_EQ(RecordsOf(file), expected) << "after reading";
  EXPECT_EQ(file.count(), expected.size());
  EXPECT_TRUE(std::filesystem::is_empty(directory.path())) << "the file has no name";
  const SpillFile moved = std::move(file);
  EXPECT_EQ(RecordsOf(moved), expected);
}

TEST(SpillFile, StopsAtAnErrorOfTheCaller) {
  SpillFile file("");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(file.Add("x"));
  int calls = 0;
  const auto stop = [&](std::string_view) -> Result<void> {
    ++calls;
    return Fail(ErrorCode::kCancelled, "stopped");
  };
  EXPECT_EQ(ErrorOf(file.ForEach(stop)).code, ErrorCode::kCancelled);
  EXPECT_EQ(calls, 1);
}

TEST(SpillFile, NeedsADirectoryOnceMemoryIsFull) {
  SpillFile file("/no/such/directory");
  ASSERT_TRUE(file.Add("small"));
  EXPECT_EQ(ErrorOf(file.Add(std::string(SpillFile::kMemoryBytes, 'x'))).code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace winnow
