#include "data/fetch_public_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/hash.h"
#include "support/http_server.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kSource[] = "spam\twin a prize\n";

/// "Converts" the source by copying it, and counts a row more than the authors of the set report.
Result<std::vector<PublicPart>> Copy(const PublicSet& set, const std::filesystem::path& sources,
                                     const std::filesystem::path& output) {
  const std::string text = TRY(ReadFile(sources / set.files[0].name));
  TRY(WriteFileAtomically(output / set.parts[0].file, text));
  return std::vector<PublicPart>{{set.parts[0].file, set.parts[0].rows + 1}};
}

class FetchPublicSetTest : public ::testing::Test {
 protected:
  FetchPublicSetTest() : server([this](const TestRequest&) { return ++requests, TestReply{status, kSource, {}}; }) {
    options.output_dir = dir.path() / "out";
    options.mirror = server.url() + "/";
    options.note = [this](const std::string& line) { notes.push_back(line); };
    options.warn = [this](const std::string& line) { warnings.push_back(line); };
  }

  std::filesystem::path part() const { return options.output_dir / "data.tsv"; }

  TemporaryDirectory dir;
  std::atomic<int> requests = 0, status = 200;
  TestServer server;
  PublicSet set{.name = "tiny",
                .title = "Tiny",
                .homepage = "https://example.org",
                .licence = "CC0",
                .citation = "Nobody",
                .files = {{.name = "raw.tsv", .addresses = {}, .sha256 = Sha256(kSource)}},
                .parts = {{"data.tsv", 0}},
                .convert = Copy};
  FetchOptions options;
  std::vector<std::string> notes, warnings;
};

TEST_F(FetchPublicSetTest, DownloadsConvertsAndRecordsTheSourceOfEachFile) {
  const auto fetched = FetchPublicSet(set, options);
  ASSERT_TRUE(fetched) << fetched.error().Text();
  EXPECT_EQ(ReadFile(part()), kSource);
  EXPECT_EQ(fetched->parts[0].rows, 1u);
  const Json record = *ParseJson(*ReadFile(options.output_dir / "source.json"), "source.json");
  EXPECT_EQ(record, fetched->record);
  EXPECT_EQ(record["files"][0]["fetched_from"], server.url() + "/tiny/raw.tsv");
  EXPECT_EQ(record["files"][0]["verified"], true);
  EXPECT_EQ(record["licence"], "CC0");
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], HasSubstr("1 rows, but the authors report 0"));
}

TEST_F(FetchPublicSetTest, DoesNotDownloadAFileAgainThatIsThere) {
  ASSERT_TRUE(FetchPublicSet(set, options));
  const auto again = FetchPublicSet(set, options);
  ASSERT_TRUE(again) << again.error().Text();
  EXPECT_EQ(requests, 1);
  EXPECT_FALSE(again->record["files"][0].contains("fetched_from"));
}

TEST_F(FetchPublicSetTest, RefusesAFileWithAnotherDigestUnlessItIsNotVerified) {
  set.files[0].sha256 = Sha256("something else");
  const auto refused = FetchPublicSet(set, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNetwork);
  EXPECT_FALSE(std::filesystem::exists(options.output_dir)) << "empty directories are removed";
  options.verify = false;
  const auto accepted = FetchPublicSet(set, options);
  ASSERT_TRUE(accepted) << accepted.error().Text();
  EXPECT_EQ(accepted->record["files"][0]["verified"], false);
  EXPECT_THAT(warnings[0], HasSubstr("differs from the expected"));
}

TEST_F(FetchPublicSetTest, SaysWhereItTriedToDownloadFrom) {
  status = 404;
  const auto refused = FetchPublicSet(set, options);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("raw.tsv: could not be downloaded: "));
  EXPECT_THAT(refused.error().hint, HasSubstr(set.homepage));
  EXPECT_FALSE(std::filesystem::exists(options.output_dir));
}

TEST_F(FetchPublicSetTest, ReplacesFilesThatItDidNotWriteOnlyIfAsked) {
  std::filesystem::create_directories(options.output_dir);
  ASSERT_TRUE(WriteFileAtomically(part(), "mine"));
  const auto refused = FetchPublicSet(set, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kExists);
  EXPECT_THAT(notes, IsEmpty());
  EXPECT_EQ(ReadFile(part()), "mine");
  options.overwrite = true;
  EXPECT_TRUE(FetchPublicSet(set, options));
  EXPECT_EQ(ReadFile(part()), kSource);
}

}  // namespace
}  // namespace winnow
