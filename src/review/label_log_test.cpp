#include "review/label_log.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

class LabelLogTest : public testing::Test {
 protected:
  std::vector<LogEntry> Read() {
    std::vector<LogEntry> entries;
    const Result<void> read = ReadEntries(file_, [&](const LogEntry& entry) -> Result<void> {
      entries.push_back(entry);
      return {};
    });
    EXPECT_TRUE(read) << read.error().Text();
    return entries;
  }
  LogEntry Label(size_t item) {
    LogEntry entry{.kind = LogEntry::Kind::kLabels, .reviewer = "anna"};
    entry.decisions = {{.item = item, .label = "spam", .blind = true}, {.item = item + 1}};
    return entry;
  }

  TemporaryDirectory dir_;
  std::filesystem::path file_ = dir_.path() / "labels.jsonl";
};

TEST_F(LabelLogTest, HasNothingBeforeTheFirstEntry) { EXPECT_TRUE(Read().empty()); }

TEST_F(LabelLogTest, ReturnsWhatWasAppended) {
  ASSERT_TRUE(AppendEntry(file_, Label(7)));
  ASSERT_TRUE(AppendEntry(file_, {.kind = LogEntry::Kind::kUndo, .reviewer = "ben"}));
  LogEntry estimate{.kind = LogEntry::Kind::kEstimate};
  estimate.labelled = 120, estimate.f1_macro = .81;
  ASSERT_TRUE(AppendEntry(file_, estimate));
  const std::vector<LogEntry> entries = Read();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].reviewer, "anna");
  EXPECT_EQ(entries[0].decisions[0].item, 7u);
  EXPECT_EQ(entries[0].decisions[0].label, "spam");
  EXPECT_TRUE(entries[0].decisions[0].blind);
  EXPECT_EQ(entries[0].decisions[1].label, std::nullopt);
  EXPECT_EQ(entries[1].kind, LogEntry::Kind::kUndo);
  EXPECT_EQ(entries[2].labelled, 120u);
  EXPECT_EQ(entries[2].f1_macro, .81);
}

TEST_F(LabelLogTest, CutAtAnyByteKeepsEveryWholeLine) {
  for (size_t item = 0; item < 3; ++item) ASSERT_TRUE(AppendEntry(file_, Label(item)));
  const std::string whole = ReadFile(file_).value();
  for (size_t bytes = 0; bytes <= whole.size(); ++bytes) {
    const std::string cut = whole.substr(0, bytes);
    ASSERT_TRUE(WriteFileAtomically(file_, cut));
    const auto lines = static_cast<size_t>(std::ranges::count(cut, '\n'));
    ASSERT_EQ(Read().size(), lines) << bytes;
    // The next label is appended behind what was cut off, and read.
    ASSERT_TRUE(AppendEntry(file_, Label(9)));
    const std::vector<LogEntry> entries = Read();
    ASSERT_GE(entries.size(), lines + 1) << bytes;
    ASSERT_EQ(entries.back().decisions[0].item, 9u) << bytes;
  }
}

}  // namespace
}  // namespace winnow
