#include "server/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A file with one key, and what it stands for.
struct OneKey {
  explicit OneKey(const ApiKey& key) : added(AddApiKey("", "keys", key).value()) {}
  ApiKeys keys() const { return ApiKeys::Parse(added.contents, "keys").value(); }
  AddedApiKey added;
};

const std::chrono::system_clock::time_point kNow{std::chrono::seconds(1'800'000'000)};

TEST(Sessions, StandForTheirKeyUntilTheyExpire) {
  const Sessions sessions(Secret("a secret of the server"));
  const ApiKeys keys = OneKey({.name = "anna", .role = Role::kFeedback}).keys();
  const std::string cookie = sessions.Issue(keys.keys().front(), kNow);
  const ApiKey* const found = sessions.Find(cookie, keys, kNow + kSessionLifetime - std::chrono::seconds(1));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name, "anna");
  EXPECT_EQ(sessions.Find(cookie, keys, kNow + kSessionLifetime), nullptr);
}

TEST(Sessions, CannotBeForged) {
  const Sessions sessions(Secret("a secret of the server")), others(Secret("another secret"));
  const ApiKeys keys = OneKey({.name = "anna"}).keys();
  const std::string cookie = sessions.Issue(keys.keys().front(), kNow);
  ASSERT_NE(sessions.Find(cookie, keys, kNow), nullptr);
  std::vector<std::string> forged = {"",           ":",          "::",        "::anna", "9999999999::anna",
                                     cookie + " ", cookie + "a", ":" + cookie};
  forged.push_back("9" + cookie);                             // a later expiry
  forged.push_back("-" + cookie);                             // no expiry
  forged.push_back(cookie.substr(0, cookie.rfind(':')));      // no name
  forged.push_back(others.Issue(keys.keys().front(), kNow));  // of another server
  for (size_t i = 0; i < cookie.size(); ++i) {
    std::string changed = cookie;
    changed[i] = changed[i] == '0' ? '1' : '0';
    forged.push_back(changed);
  }
  for (const std::string& text : forged) EXPECT_EQ(sessions.Find(text, keys, kNow), nullptr) << text;
}

TEST(Sessions, EndWithTheirKey) {
  const Sessions sessions(Secret("a secret of the server"));
  const OneKey first({.name = "anna"}), again({.name = "anna"}), other({.name = "bert"});
  const std::string cookie = sessions.Issue(first.keys().keys().front(), kNow);
  EXPECT_EQ(sessions.Find(cookie, again.keys(), kNow), nullptr) << "replaced by another key of the same name";
  EXPECT_EQ(sessions.Find(cookie, other.keys(), kNow), nullptr) << "removed";
  const std::chrono::sys_days today = std::chrono::floor<std::chrono::days>(kNow);
  const ApiKeys expiring = OneKey({.name = "anna", .last_day = today}).keys();
  const std::string short_lived = sessions.Issue(expiring.keys().front(), kNow);
  EXPECT_NE(sessions.Find(short_lived, expiring, kNow), nullptr);
  EXPECT_EQ(sessions.Find(short_lived, expiring, kNow + std::chrono::days(1)), nullptr);
}

TEST(Sessions, HaveTheRoleThatTheKeyHasNow) {
  const Sessions sessions(Secret("a secret of the server"));
  const OneKey key({.name = "anna", .role = Role::kAdmin});
  const std::string cookie = sessions.Issue(key.keys().keys().front(), kNow);
  std::string changed = key.added.contents;
  changed.replace(changed.rfind("admin"), 5, "classify");
  const ApiKeys keys = ApiKeys::Parse(changed, "keys").value();
  const ApiKey* const found = sessions.Find(cookie, keys, kNow);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->role, Role::kClassify);
}

TEST(Sessions, ShareTheSecretOfAFileThatOnlyItsOwnerReads) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "session.key";
  const Sessions first = Sessions::Open(file).value();
  struct stat status = {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const ApiKeys keys = OneKey({.name = "anna"}).keys();
  const std::string cookie = first.Issue(keys.keys().front(), kNow);
  EXPECT_NE(Sessions::Open(file)->Find(cookie, keys, kNow), nullptr) << "after a restart";
  struct stat again = {};
  ASSERT_EQ(::stat(file.c_str(), &again), 0);
  EXPECT_EQ(again.st_ino, status.st_ino) << "a restart writes nothing, since the disk may be full";
  EXPECT_EQ(Sessions::Open("")->Find(cookie, keys, kNow), nullptr);
  ASSERT_TRUE(WriteFileAtomically(file, "short"));
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  EXPECT_EQ(Sessions::Open(file).error().code, ErrorCode::kInvalidData);
}

TEST(SessionCookie, IsFoundAmongOthers) {
  EXPECT_EQ(SessionCookieIn("winnow_session=a:b:c"), "a:b:c");
  EXPECT_EQ(SessionCookieIn("x=1; winnow_session=a:b:c; y=2"), "a:b:c");
  EXPECT_EQ(SessionCookieIn("xwinnow_session=1;winnow_session=2"), "2");
  for (const char* header : {"", ";", "winnow_session", "winnow_session=", "winnow_sessions=a", "WINNOW_SESSION=a"}) {
    EXPECT_EQ(SessionCookieIn(header), "") << header;
  }
}

TEST(SessionCookie, IsHiddenFromScriptsAndOtherSites) {
  EXPECT_EQ(SetSessionCookie("a:b:c", true),
            "winnow_session=a:b:c; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure");
  EXPECT_THAT(SetSessionCookie("a:b:c", false), Not(HasSubstr("Secure")));
  EXPECT_THAT(SetSessionCookie("", true), HasSubstr("Max-Age=0"));
}

}  // namespace
}  // namespace winnow
