#include "data/remove_rows.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/hash.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

/// Removes the rows whose text is "secret".
RowRemoval Remove(const std::filesystem::path& file, bool dry_run = false, const ReadOptions& options = {}) {
  const auto removal = RemoveRows(file, options, dry_run, [](const Row& row) { return row.text == "secret"; });
  EXPECT_TRUE(removal) << file << removal.error().Text();
  return removal.value_or(RowRemoval{});
}

TEST(RemoveRows, KeepsAllOtherBytes) {
  const TemporaryDirectory directory;
  for (const auto& [name, before, after] : {
           std::tuple("a.tsv", "text\tlabel\nx\tham\nsecret\tspam\ny\tham\n", "text\tlabel\nx\tham\ny\tham\n"),
           std::tuple("b.csv", "text,label\r\n\"secret\",spam\r\n\"x\nsecret\",ham\r\n",
                      "text,label\r\n\"x\nsecret\",ham\r\n"),
           std::tuple("c.csv", "text,label\nx,ham\n\"two\nlines\",ham\nsecret,spam",
                      "text,label\nx,ham\n\"two\nlines\",ham\n"),
           std::tuple("d.jsonl",
                      "{\"text\":\"secret\",\"label\":\"a\"}\n\n{bad\n{ \"text\": \"x\", \"label\": \"b\" }\n",
                      "{bad\n{ \"text\": \"x\", \"label\": \"b\" }\n"),
           std::tuple("e.txt", "__label__a x\n__label__b secret\n__label__a y\n", "__label__a x\n__label__a y\n"),
           std::tuple("f.tsv", "text\tlabel\nsecret\tham\nsecret\tspam\n", "text\tlabel\n"),
       }) {
    const std::filesystem::path file = directory.path() / name;
    ASSERT_TRUE(WriteFileAtomically(file, before));
    const RowRemoval dry = Remove(file, /*dry_run=*/true);
    EXPECT_EQ(ReadFile(file).value(), before) << name;
    const RowRemoval removal = Remove(file);
    EXPECT_EQ(removal.removed, dry.removed);
    EXPECT_EQ(ReadFile(file).value(), after) << name;
    EXPECT_EQ(removal.sha256_before, Sha256(before));
    EXPECT_EQ(removal.sha256_after, Sha256(after));
  }
}

TEST(RemoveRows, WritesJsonDocumentsAgain) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "a.json";
  for (const auto& [before, after] : {
           std::pair(R"([{"text":"secret","label":"a"},{"text":"x","label":"b"}])", R"([{"text":"x","label":"b"}])"),
           std::pair(R"({"train":[["x","a"],["secret","b"]],"test":[["secret","a"],["y","b"]],"note":1})",
                     R"({"train":[["x","a"]],"test":[["y","b"]],"note":1})"),
           std::pair(R"({"text":["x","secret","y"],"label":["a","b","a"]})", R"({"text":["x","y"],"label":["a","a"]})"),
           std::pair(R"({"text":{"0":"x","1":"secret"},"label":{"0":"a","1":"b"}})",
                     R"({"text":{"0":"x"},"label":{"0":"a"}})"),
       }) {
    ASSERT_TRUE(WriteFileAtomically(file, before));
    EXPECT_GT(Remove(file).removed, 0u);
    EXPECT_EQ(ParseJson(ReadFile(file).value(), "a").value(), ParseJson(after, "b").value()) << before;
  }
}

TEST(RemoveRows, RefusesUtf16AndReadsAnEmptyFile) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "a.tsv";
  ASSERT_TRUE(WriteFileAtomically(file, std::string("\xff\xfet\0e\0x\0t\0\n\0x\0\n\0", 16)));
  const auto refused = RemoveRows(file, {}, false, [](const Row&) { return true; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  ASSERT_TRUE(WriteFileAtomically(file, ""));
  EXPECT_EQ(Remove(file).rows, 0u);
  EXPECT_FALSE(RemoveRows(directory.path() / "none", {}, false, [](const Row&) { return true; }));
}

}  // namespace
}  // namespace winnow
