#include "server/api_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/hash.h"
#include "base/random.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kHash = "sha256:0123456789abcdef:" + std::string(64, 'a');

/// The file of two keys, and their secrets.
struct Two {
  std::string contents, web, root;
};
Two TwoKeys() {
  const AddedApiKey first = AddApiKey("", "keys", {.name = "web", .requests_per_minute = 600, .burst = 50}).value();
  const AddedApiKey second =
      AddApiKey(first.contents, "keys", {.name = "root", .role = Role::kAdmin, .last_day = ParseDay("2031-05-07")})
          .value();
  return {second.contents, first.secret, second.secret};
}

std::chrono::system_clock::time_point At(std::string_view day, std::chrono::seconds time = {}) {
  return *ParseDay(day) + time;
}

TEST(Role, EachIncludesThoseBeforeIt) {
  EXPECT_TRUE(Includes(Role::kAdmin, Role::kFeedback));
  EXPECT_TRUE(Includes(Role::kFeedback, Role::kFeedback));
  EXPECT_FALSE(Includes(Role::kClassify, Role::kFeedback));
  for (const std::string_view name : kRoleNames) EXPECT_EQ(RoleName(ParseRole(name).value()), name);
  EXPECT_EQ(ParseRole("Admin"), std::nullopt);
  EXPECT_EQ(ParseRole(""), std::nullopt);
}

TEST(ApiKeys, AKeyThatWasAddedIsFoundByItsSecretAlone) {
  const Two two = TwoKeys();
  const ApiKeys keys = ApiKeys::Parse(two.contents, "keys").value();
  const ApiKey* web = keys.Find(two.web);
  ASSERT_NE(web, nullptr);
  EXPECT_EQ(web->name, "web");
  EXPECT_EQ(web->role, Role::kClassify);
  EXPECT_EQ(web->requests_per_minute, 600);
  EXPECT_EQ(web->burst, 50);
  const ApiKey* root = keys.Find(two.root, At("2031-05-07"));
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(root->role, Role::kAdmin);
  EXPECT_EQ(root->requests_per_minute, std::nullopt);

  std::string other = two.web;
  other.back() = other.back() == 'A' ? 'B' : 'A';
  for (const std::string& wrong : {std::string(), std::string("web"), other, two.web + "A", two.web.substr(1),
                                   two.web.substr(0, two.web.size() - 1), web->digest, std::string(1 << 20, 'w')})
    EXPECT_EQ(keys.Find(wrong), nullptr);
}

TEST(ApiKeys, TheFileHoldsNoSecretAndOneSaltForAll) {
  const Two two = TwoKeys();
  EXPECT_TRUE(IsApiKeySecret(two.web));
  EXPECT_THAT(two.contents, Not(HasSubstr(two.web.substr(3, 10))));
  EXPECT_THAT(two.contents, Not(HasSubstr("wk_")));
  const ApiKeys keys = ApiKeys::Parse(two.contents, "keys").value();
  EXPECT_EQ(keys.keys()[0].salt, keys.keys()[1].salt);
  EXPECT_NE(keys.keys()[0].digest, keys.keys()[1].digest);
  EXPECT_EQ(keys.keys()[0].digest, Sha256(keys.keys()[0].salt + two.web)) << "as the header says";
}

TEST(ApiKeys, LinesOfSeveralFilesCanBeJoined) {
  const Two one = TwoKeys(), other = TwoKeys();
  const AddedApiKey third = AddApiKey("", "keys", {.name = "third"}).value();
  const ApiKeys keys = ApiKeys::Parse(third.contents + one.contents, "keys").value();
  EXPECT_EQ(keys.Find(third.secret)->name, "third");
  EXPECT_EQ(keys.Find(one.web)->name, "web");
  EXPECT_EQ(keys.Find(other.web), nullptr);
}

TEST(ApiKeys, AKeyIsValidThroughItsLastDay) {
  const Two two = TwoKeys();
  const ApiKeys keys = ApiKeys::Parse(two.contents, "keys").value();
  EXPECT_NE(keys.Find(two.root, At("2031-05-07", std::chrono::hours(24) - std::chrono::seconds(1))), nullptr);
  EXPECT_EQ(keys.Find(two.root, At("2031-05-08")), nullptr);
  EXPECT_NE(keys.Find(two.web, At("2131-05-08")), nullptr);
}

TEST(ApiKeys, CommentsBlankLinesAndAnyOrderOfFieldsAreRead) {
  const std::string text =
      "\xEF\xBB\xBF# heading\r\n\r\n  web\tclassify  " + kHash +
      "   burst=2 requests-per-minute=9 # the site\r\n\t# nothing\nroot admin sha256:00:" + std::string(64, 'b') +
      " expires=2030-02-28";
  const ApiKeys keys = ApiKeys::Parse(text, "keys").value();
  ASSERT_EQ(keys.keys().size(), 2u);
  EXPECT_EQ(keys.keys()[0].name, "web");
  EXPECT_EQ(keys.keys()[0].burst, 2);
  EXPECT_EQ(keys.keys()[0].requests_per_minute, 9);
  EXPECT_EQ(keys.keys()[0].line, 3u);
  EXPECT_EQ(keys.keys()[1].line, 5u);
  EXPECT_TRUE(ApiKeys::Parse("", "keys")->keys().empty());
  EXPECT_TRUE(ApiKeys::Parse("# none yet", "keys")->keys().empty());
}

TEST(ApiKeys, AMalformedLineIsAnErrorThatSaysWhereAndWhatIsExpected) {
  const std::string good = "web classify " + kHash;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"web", "the line has 1 word, but NAME, ROLE and HASH are required"},
      {"web classify", "the line has 2 words"},
      {"we/b classify " + kHash, "'we/b' is not a valid name"},
      {std::string(65, 'n') + " classify " + kHash, "is not a valid name"},
      {"web Classify " + kHash, "'Classify' is not a valid role"},
      {"web classify md5:00:00", "the third word is not a valid hash"},
      {"web classify sha256:" + std::string(64, 'a'), "the hash has no salt"},
      {"web classify sha256::" + std::string(64, 'a'), "the salt"},
      {"web classify sha256:0g:" + std::string(64, 'a'), "the salt"},
      {"web classify sha256:00:" + std::string(63, 'a'), "the digest"},
      {"web classify sha256:00:" + std::string(64, 'A'), "the digest"},
      {good + " fast", "is not a setting of the form NAME=VALUE"},
      {good + " burts=3", "did you mean 'burst'?"},
      {good + " burst=3", "requires 'requests_per_minute'"},
      {good + " requests_per_minute=0", "at least 1"},
      {good + " requests_per_minute=-1", "at least 1"},
      {good + " requests_per_minute=1.5", "at least 1"},
      {good + " requests_per_minute=99999999999", "at least 1"},
      {good + " requests_per_minute=1 requests-per-minute=2", "twice"},
      {good + " expires=2030-02-29", "YYYY-MM-DD"},
      {good + " expires=tomorrow", "YYYY-MM-DD"},
      {good + " expires=+030-01-01", "YYYY-MM-DD"},
      {"first" + good.substr(3) + "\n# between\nfirst admin sha256:11:" + std::string(64, 'c'), "is used twice"},
      {"first" + good.substr(3) + "\n\nother admin " + kHash, "same hash"},
  };
  for (const auto& [line, says] : cases) {
    const auto keys = ApiKeys::Parse("# heading\n" + line + "\n", "the file");
    ASSERT_FALSE(keys) << line;
    EXPECT_EQ(keys.error().code, ErrorCode::kInvalidData);
    EXPECT_THAT(keys.error().message, HasSubstr(says)) << line;
    EXPECT_THAT(keys.error().message,
                HasSubstr(line.find('\n') == std::string::npos ? "the file, line 2: " : "line 4"));
    EXPECT_THAT(keys.error().hint, HasSubstr("NAME ROLE sha256:SALT:DIGEST"));
  }
}

TEST(ApiKeys, NoErrorContainsASecretFromTheFile) {
  const std::string secret = TwoKeys().web;
  for (const std::string& line :
       {"web classify " + secret, "web " + secret, secret + " classify x", "web " + secret + " x",
        "web classify " + kHash + " " + secret, "web classify " + kHash + " " + secret + "=1",
        "web classify " + kHash + " key=" + secret}) {
    const auto keys = ApiKeys::Parse(line, "keys");
    ASSERT_FALSE(keys);
    EXPECT_THAT(keys.error().Text(), Not(HasSubstr(secret.substr(3, 10)))) << keys.error().Text();
  }
  EXPECT_THAT(ApiKeys::Parse("web classify " + secret, "keys").error().message, HasSubstr("only its hash"));
}

TEST(ApiKeys, AddingAndRemovingLeaveTheRestOfTheFileAsItIs) {
  const std::string text = "# ours\n\nfirst admin " + kHash + "  # Anna\n# end";
  const AddedApiKey added = AddApiKey(text, "keys", {.name = "web"}).value();
  EXPECT_TRUE(added.contents.starts_with(text + "\nweb classify sha256:0123456789abcdef:")) << added.contents;
  EXPECT_EQ(RemoveApiKey(added.contents, "keys", "web").value(), text + "\n");
  EXPECT_TRUE(RemoveApiKey(added.contents, "keys", "first")->starts_with("# ours\n\n# end\nweb classify "));
  EXPECT_EQ(RemoveApiKey("a admin " + kHash, "keys", "a").value(), "") << "a last line without its end";
}

TEST(ApiKeys, InvalidAdditionsAndRemovalsAreRefused) {
  const Two two = TwoKeys();
  EXPECT_EQ(AddApiKey(two.contents, "keys", {.name = "web"}).error().code, ErrorCode::kExists);
  for (const char* name : {"", "a b", "a\n", "#a", "wk_a", "\xC3\xA9"})
    EXPECT_EQ(AddApiKey("", "keys", {.name = name}).error().code, ErrorCode::kInvalidArgument) << name;
  EXPECT_EQ(AddApiKey("", "keys", {.name = "a", .burst = 3}).error().code, ErrorCode::kInvalidArgument);
  const auto removed = RemoveApiKey(two.contents, "keys", "wbe");
  EXPECT_EQ(removed.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(removed.error().hint, HasSubstr("did you mean 'web'?"));
  EXPECT_EQ(AddApiKey("broken", "keys", {.name = "a"}).error().code, ErrorCode::kInvalidData);
  EXPECT_EQ(RemoveApiKey("broken", "keys", "a").error().code, ErrorCode::kInvalidData);
}

TEST(ApiKeys, AFileThatOthersCanWriteIsRefused) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "keys";
  ASSERT_TRUE(WriteFileAtomically(path, TwoKeys().contents));
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(ApiKeys::Read(path)->keys().size(), 2u);
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(ApiKeys::Read(path));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("the file is readable by all users of this machine"));
  ASSERT_EQ(::chmod(path.c_str(), 0602), 0);
  EXPECT_FALSE(ApiKeys::Read(path));
  EXPECT_EQ(ApiKeys::Read(directory.path() / "none").error().code, ErrorCode::kNotFound);
}

TEST(ApiKeys, OnlyDaysOfTheCalendarAreAccepted) {
  for (const char* day : {"1970-01-01", "2024-02-29", "2030-12-31"}) EXPECT_EQ(DayText(ParseDay(day).value()), day);
  for (const char* day : {"", "2023-02-29", "2030-13-01", "2030-00-10", "2030-1-1", "2030/01/01", "0000-01-01",
                          "9999-01-01", "2030-01-0x", "2030-01-01 "})
    EXPECT_EQ(ParseDay(day), std::nullopt) << day;
}

TEST(ApiKeys, CutAndDamagedFilesAreReadOrRefused) {
  const Two two = TwoKeys();
  for (size_t size = 0; size < two.contents.size(); ++size) {
    const auto keys = ApiKeys::Parse(std::string_view(two.contents).substr(0, size), "keys");
    EXPECT_TRUE(!keys || keys->keys().size() <= 2) << size;
  }
  Random random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = two.contents;
    for (uint32_t flips = 1 + random.Below(8); flips > 0; --flips) {
      damaged[random.Below(static_cast<uint32_t>(damaged.size()))] = static_cast<char>(random.Below(256));
    }
    const auto keys = ApiKeys::Parse(damaged, "keys");
    if (!keys) {
      EXPECT_EQ(keys.error().code, ErrorCode::kInvalidData);
      continue;
    }
    for (const ApiKey& key : keys->keys()) {
      EXPECT_EQ(key.digest.size(), 64u);
      EXPECT_TRUE(RemoveApiKey(damaged, "keys", key.name));
    }
  }
}

}  // namespace
}  // namespace winnow
