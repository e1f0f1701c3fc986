#include "server/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"

namespace winnow {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Role kRoles[] = {Role::kPublic, Role::kClassify, Role::kFeedback, Role::kAdmin};

/// A server's decisions, with a key of each role, and clocks that stand until they are told to move.
class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    for (const char* name : {"classify", "feedback", "admin"}) Add({.name = name, .role = *ParseRole(name)});
    options_.steady_clock = [this] { return std::chrono::steady_clock::time_point(now_); };
    options_.system_clock = [this] { return std::chrono::system_clock::time_point(now_); };
  }
  void Add(const ApiKey& key) {
    AddedApiKey added = AddApiKey(contents_, "keys", key).value();
    contents_ = std::move(added.contents);
    secrets_[key.name] = added.secret;
  }
  std::shared_ptr<const ApiKeys> Keys() const {
    return std::make_shared<const ApiKeys>(ApiKeys::Parse(contents_, "keys").value());
  }
  std::string Bearer(const std::string& name) const { return "Bearer " + secrets_.at(name); }

  /// The status of a refusal, or 200.
  static int StatusOf(const AccessDecision& decision) { return decision.refusal ? decision.refusal->status : 200; }
  static int Status(Access& access, const AccessRequest& request) { return StatusOf(access.Decide(request)); }

  AccessOptions options_;
  std::string contents_;
  std::map<std::string, std::string> secrets_;
  seconds now_{1000000};
  const std::string wrong_ = "Bearer wk_" + std::string(43, 'x');
};

TEST_F(AccessTest, WithoutKeysEverybodyMayDoAllButAdmin) {
  for (const bool public_address : {false, true}) {
    options_.public_address = public_address;
    Access access(options_, nullptr);
    for (const Role role : {Role::kPublic, Role::kClassify, Role::kFeedback}) {
      EXPECT_EQ(Status(access, {.role = role, .client = "192.0.2.1"}), 200);
      EXPECT_EQ(Status(access, {.role = role, .authorization = wrong_, .client = "192.0.2.1"}), 200);
    }
    EXPECT_EQ(Status(access, {.role = Role::kAdmin, .client = "192.0.2.1"}), public_address ? 403 : 200);
  }
}

TEST_F(AccessTest, ExplainsHowToGetAKeyForAdminOnAPublicAddress) {
  options_.public_address = true;
  Access access(options_, nullptr);
  const AccessDecision decision = access.Decide({.role = Role::kAdmin, .client = "127.0.0.1"});
  ASSERT_EQ(StatusOf(decision), 403);
  EXPECT_EQ(decision.refusal->type, "Forbidden");
  EXPECT_THAT(decision.refusal->message, HasSubstr("winnow keys add FILE --name NAME --role admin"));
}

TEST_F(AccessTest, WithoutKeysPagesOfOtherSitesMayNotUseAdminRoutes) {
  Access access(options_, nullptr);
  const auto status = [&](std::string_view host, std::string_view origin, std::string_view client = "127.0.0.1") {
    return Status(access, {.role = Role::kAdmin, .client = client, .host = host, .origin = origin});
  };
  EXPECT_EQ(status("127.0.0.1:8080", ""), 200);
  EXPECT_EQ(status("localhost:8080", "http://localhost:8080"), 200);
  EXPECT_EQ(status("[::1]:8080", "http://[::1]:8080"), 200);
  EXPECT_EQ(status("127.0.0.1:8080", "https://example.org"), 403);
  EXPECT_EQ(status("127.0.0.1:8080", "null"), 403) << "a page in a sandbox";
  EXPECT_EQ(status("example.org:8080", ""), 403) << "a name that was made to lead here";
  EXPECT_EQ(status("anything", "", "unix"), 200);
  EXPECT_EQ(Status(access, {.role = Role::kClassify, .client = "127.0.0.1", .origin = "https://example.org"}), 200);
}

TEST_F(AccessTest, WithoutKeysARequestThatWasForwardedDoesNotComeFromThisMachine) {
  Access access(options_, nullptr);
  const AccessRequest local{.role = Role::kAdmin, .client = "127.0.0.1", .host = "localhost:8080"};
  AccessRequest forwarded = local;
  forwarded.forwarded = true;
  EXPECT_EQ(Status(access, local), 200);
  EXPECT_EQ(Status(access, forwarded), 403);
  EXPECT_EQ(access.WhoIs(local).role, Role::kAdmin);
  EXPECT_EQ(access.WhoIs(forwarded).role, Role::kFeedback);
  forwarded.role = Role::kFeedback;
  EXPECT_EQ(Status(access, forwarded), 200);
}

TEST_F(AccessTest, WithoutKeysFeedbackIsTakenUnderAllowedNamesAlone) {
  options_.public_address = true;
  options_.names = AllowedHosts({"filter.example"});
  Access access(options_, nullptr);
  for (const auto& [host, status] : {std::pair("filter.example:8080", 200), std::pair("192.0.2.7:8080", 200),
                                     std::pair("localhost", 200), std::pair("", 200), std::pair("evil.example", 403)}) {
    EXPECT_EQ(Status(access, {.role = Role::kFeedback, .client = "192.0.2.1", .host = host}), status) << host;
    EXPECT_EQ(Status(access, {.role = Role::kClassify, .client = "192.0.2.1", .host = host}), 200) << host;
  }
}

TEST_F(AccessTest, ManyWrongKeysAreNotToldApartByWhoIs) {
  Access access(options_, Keys());
  int refused = 0;
  for (int i = 0; i < 100; ++i) {
    const AccessDecision decision =
        access.WhoIs({.role = Role::kPublic, .authorization = wrong_, .client = "192.0.2.1"});
    refused += decision.refusal && decision.refusal->status == 429;
    EXPECT_EQ(decision.role, Role::kPublic);
  }
  EXPECT_GT(refused, 0);
  EXPECT_FALSE(access.WhoIs({.role = Role::kPublic, .client = "192.0.2.1"}).refusal) << "without a key";
}

TEST_F(AccessTest, AKeyAllowsWhatItsRoleIncludes) {
  Access access(options_, Keys());
  for (const Role has : {Role::kClassify, Role::kFeedback, Role::kAdmin}) {
    for (const Role needed : kRoles) {
      const std::string bearer = Bearer(std::string(RoleName(has)));
      EXPECT_EQ(Status(access, {.role = needed, .authorization = bearer, .client = "192.0.2.1"}),
                Includes(has, needed) ? 200 : 403);
    }
  }
  for (const Role needed : kRoles) {
    EXPECT_EQ(Status(access, {.role = needed, .client = "127.0.0.1"}), needed == Role::kPublic ? 200 : 401)
        << "loopback, too";
  }
}

TEST_F(AccessTest, ErrorsSayWhatIsMissingAndNeverContainAKey) {
  Access access(options_, Keys());
  const AccessDecision none = access.Decide({.role = Role::kClassify, .client = "192.0.2.1"});
  EXPECT_EQ(none.refusal->type, "Unauthorized");
  EXPECT_EQ(none.refusal->Header("WWW-Authenticate"), "Bearer realm=\"winnow\"");
  EXPECT_THAT(none.refusal->message, HasSubstr("X-API-Key"));
  EXPECT_EQ(none.key, "");
  EXPECT_EQ(none.turn, "address:192.0.2.1");

  const AccessDecision wrong = access.Decide({.role = Role::kClassify, .authorization = wrong_, .client = "192.0.2.1"});
  EXPECT_EQ(StatusOf(wrong), 401);
  EXPECT_EQ(wrong.refusal->Header("WWW-Authenticate"), "Bearer realm=\"winnow\", error=\"invalid_token\"");
  EXPECT_THAT(wrong.refusal->message, Not(HasSubstr("wk_")));

  const AccessDecision low =
      access.Decide({.role = Role::kAdmin, .authorization = Bearer("classify"), .client = "192.0.2.1"});
  EXPECT_EQ(StatusOf(low), 403);
  EXPECT_THAT(low.refusal->Header("WWW-Authenticate"), HasSubstr("error=\"insufficient_scope\", scope=\"admin\""));
  EXPECT_EQ(low.key, "classify") << "for the access log";
  EXPECT_THAT(low.refusal->message, Not(HasSubstr("wk_")));
}

TEST_F(AccessTest, AnExpiredKeyIsRefusedLikeAnUnknownOne) {
  now_ = std::chrono::duration_cast<seconds>((*ParseDay("2030-06-15")).time_since_epoch());
  Add({.name = "old", .last_day = ParseDay("2030-06-14")});
  Add({.name = "today", .last_day = ParseDay("2030-06-15")});
  Access access(options_, Keys());
  const AccessDecision old =
      access.Decide({.role = Role::kClassify, .authorization = Bearer("old"), .client = "192.0.2.1"});
  const AccessDecision wrong = access.Decide({.role = Role::kClassify, .authorization = wrong_, .client = "192.0.2.1"});
  EXPECT_EQ(StatusOf(old), 401);
  EXPECT_EQ(old.refusal->message, wrong.refusal->message);
  EXPECT_EQ(old.key, "");
  EXPECT_EQ(Status(access, {.role = Role::kClassify, .authorization = Bearer("today"), .client = "192.0.2.1"}), 200);
}

TEST_F(AccessTest, AKeyIsAcceptedInEitherHeader) {
  Access access(options_, Keys());
  const std::string secret = secrets_["classify"];
  const auto status = [&](const std::string& authorization, const std::string& x_api_key) {
    return Status(
        access,
        {.role = Role::kClassify, .authorization = authorization, .x_api_key = x_api_key, .client = "127.0.0.1"});
  };
  for (const std::string& header :
       {"Bearer " + secret, "bearer " + secret, "BEARER \t " + secret + " ", " Bearer " + secret})
    EXPECT_EQ(status(header, ""), 200) << header;
  EXPECT_EQ(status("", secret), 200);
  EXPECT_EQ(status("", " " + secret + "\t"), 200);
  EXPECT_EQ(status("Basic dXNlcjpwYXNz", secret), 200) << "what a proxy asks for is no concern of ours";
  EXPECT_EQ(status(wrong_, secret), 200);
  for (const std::string& header :
       std::vector<std::string>{"Basic " + secret, secret, "Bearer" + secret, "Bearer", "Bearer ", "",
                                "Bearer " + secret + ", Bearer " + secret, "Bearer " + secret + "\n"})
    EXPECT_EQ(status(header, ""), 401) << header;
}

TEST_F(AccessTest, AKeysOwnRateLimitReplacesTheServers) {
  Add({.name = "slow", .requests_per_minute = 6, .burst = 2});
  options_.key_limit = {.per_minute = 60, .burst = 5};
  Access access(options_, Keys());
  const auto passed = [&](const std::string& name, std::string_view client) {
    int count = 0;
    while (count < 100 &&
           Status(access, {.role = Role::kClassify, .authorization = Bearer(name), .client = client}) == 200)
      ++count;
    return count;
  };
  EXPECT_EQ(passed("slow", "192.0.2.1"), 2);
  EXPECT_EQ(passed("slow", "192.0.2.2"), 0) << "the limit is the key's, wherever it is used";
  EXPECT_EQ(passed("classify", "192.0.2.1"), 5);
  const AccessDecision refused =
      access.Decide({.role = Role::kClassify, .authorization = Bearer("slow"), .client = "192.0.2.1"});
  EXPECT_EQ(StatusOf(refused), 429);
  EXPECT_EQ(refused.refusal->type, "RateLimited");
  EXPECT_EQ(refused.refusal->Header("Retry-After"), "10");
  EXPECT_EQ(refused.key, "slow");
  EXPECT_EQ(refused.turn, "key:slow");
  now_ += seconds(10);
  EXPECT_EQ(passed("slow", "192.0.2.1"), 1);
}

TEST_F(AccessTest, WithoutKeysTheRateLimitIsPerAddress) {
  options_.address_limit = {.per_minute = 60, .burst = 3};
  Access access(options_, nullptr);
  const AccessRequest request{.role = Role::kClassify, .client = "2001:db8::1"};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Status(access, request), 200);
  EXPECT_EQ(Status(access, request), 429);
  EXPECT_EQ(Status(access, {.role = Role::kClassify, .client = "2001:db8::2"}), 429) << "of the same network";
  EXPECT_EQ(Status(access, {.role = Role::kClassify, .client = "2001:db8:0:1::1"}), 200);
  EXPECT_EQ(Status(access, {.role = Role::kPublic, .client = "2001:db8::1"}), 200) << "health is told to everybody";
}

TEST_F(AccessTest, RoutesForThoseWhoWatchTheServerHaveNoRateLimit) {
  options_.address_limit = options_.key_limit = {.per_minute = 60, .burst = 1};
  Access without(options_, nullptr), with(options_, Keys());
  const std::string bearer = Bearer("classify");
  const AccessRequest request{
      .role = Role::kClassify, .authorization = bearer, .client = "192.0.2.1", .unlimited = true};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Status(without, request), 200);
    EXPECT_EQ(Status(with, request), 200);
    EXPECT_EQ(Status(with, {.role = Role::kClassify, .client = "192.0.2.1", .unlimited = true}), 401);
  }
  EXPECT_EQ(Status(without, {.role = Role::kClassify, .client = "192.0.2.1"}), 200) << "they used none of it";
}

TEST_F(AccessTest, ManyWrongKeysDoNotLockOutAValidOneOfTheSameAddress) {
  options_.failure_limit = {.per_minute = 60, .burst = 4};
  Access access(options_, Keys());
  for (const std::string_view client : {"127.0.0.1", "unix", "192.0.2.1"}) {
    const AccessRequest guess{.role = Role::kClassify, .authorization = wrong_, .client = client};
    for (int i = 0; i < 4; ++i) EXPECT_EQ(Status(access, guess), 401);
    EXPECT_EQ(Status(access, guess), 429);
    EXPECT_EQ(Status(access, {.role = Role::kClassify, .authorization = Bearer("classify"), .client = client}), 200);
    EXPECT_EQ(Status(access, {.role = Role::kClassify, .client = client}), 401) << "no key is no guess";
  }
}

TEST_F(AccessTest, KeysCanBeReplacedWhileTheServerRuns) {
  Access access(options_, Keys());
  const std::string bearer = Bearer("admin");
  const AccessRequest request{.role = Role::kAdmin, .authorization = bearer, .client = "127.0.0.1"};
  EXPECT_EQ(Status(access, request), 200);
  contents_ = RemoveApiKey(contents_, "keys", "admin").value();
  access.Replace(Keys());
  EXPECT_EQ(Status(access, request), 401);
  access.Replace(nullptr);
  EXPECT_EQ(Status(access, request), 401) << "keys don't vanish";
}

TEST_F(AccessTest, AnEmptyKeyFileRefusesEverybody) {
  Access access(options_, std::make_shared<const ApiKeys>(ApiKeys::Parse("", "keys").value()));
  EXPECT_EQ(Status(access, {.role = Role::kClassify, .authorization = wrong_, .client = "127.0.0.1"}), 401);
  EXPECT_EQ(Status(access, {.role = Role::kPublic, .client = "127.0.0.1"}), 200);
}

TEST_F(AccessTest, HostileHeadersAreRefused) {
  options_.failure_limit = {};
  Access access(options_, Keys());
  Random random(3);
  for (int i = 0; i < 20000; ++i) {
    std::string header = Bearer("admin");
    for (uint32_t edits = 1 + random.Below(4); edits > 0; --edits) {
      const size_t at = 10 + random.Below(static_cast<uint32_t>(header.size() - 10));
      if (random.Below(3) == 0) {
        header.resize(at);
        if (header.size() < 12) break;
      } else {
        header[at] = static_cast<char>(header[at] + 1 + static_cast<char>(random.Below(255)));
      }
    }
    if (header == Bearer("admin")) continue;
    EXPECT_EQ(Status(access, {.role = Role::kClassify, .authorization = header, .client = header}), 401);
  }
  EXPECT_EQ(Status(access, {.role = Role::kClassify, .authorization = "Bearer " + std::string(1 << 20, 'w')}), 401);
}

TEST_F(AccessTest, ThreadsDecideWhileKeysAreReplaced) {
  options_.key_limit = {.per_minute = 1, .burst = 500};
  Access access(options_, Keys());
  const auto keys = Keys();
  const std::string bearer = Bearer("classify");
  std::atomic<int> passed = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) {
          if (Status(access, {.role = Role::kClassify, .authorization = bearer, .client = "192.0.2.1"}) == 200)
            ++passed;
        }
      });
    }
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) access.Replace(keys);
    });
  }
  EXPECT_EQ(passed, 500);
}

TEST_F(AccessTest, SessionsCountForPagesOfThisServerAlone) {
  Access access(options_, Keys(), Sessions(Secret("a secret of this server")));
  const SignedIn signed_in = access.SignIn(secrets_.at("admin"), "192.0.2.1").value();
  EXPECT_EQ(signed_in.name, "admin");
  EXPECT_EQ(signed_in.role, Role::kAdmin);
  const std::string cookie = "a=b; winnow_session=" + signed_in.cookie, bearer = Bearer("admin");
  struct Case {
    const char *origin, *site;
    int reads, changes;  // statuses
  };
  for (const auto& [origin, site, reads, changes] : {Case{"", "", 200, 403},
                                                     {"", "same-origin", 200, 200},
                                                     {"", "none", 200, 200},
                                                     {"", "same-site", 403, 403},
                                                     {"", "cross-site", 403, 403},
                                                     {"https://mail.example", "", 200, 200},
                                                     {"https://mail.example", "same-origin", 200, 200},
                                                     {"https://mail.example:8443", "", 403, 403},
                                                     {"https://evil.example", "", 403, 403},
                                                     {"https://evil.example", "cross-site", 403, 403},
                                                     {"null", "", 403, 403}}) {
    AccessRequest request{.role = Role::kAdmin,
                          .client = "192.0.2.1",
                          .host = "mail.example",
                          .origin = origin,
                          .sec_fetch_site = site,
                          .cookie = cookie,
                          .changes = false};
    EXPECT_EQ(Status(access, request), reads) << origin << " " << site;
    request.changes = true;
    EXPECT_EQ(Status(access, request), changes) << origin << " " << site;
    request.authorization = bearer;  // a key in a header is no browser's doing
    EXPECT_EQ(Status(access, request), 200) << origin << " " << site;
  }
}

TEST_F(AccessTest, SessionsHaveTheRoleAndTheEndOfTheirKey) {
  Access access(options_, Keys(), Sessions(Secret("a secret of this server")));
  const std::string cookie = "winnow_session=" + access.SignIn(secrets_.at("feedback"), "192.0.2.1")->cookie;
  const AccessRequest request{.role = Role::kFeedback, .cookie = cookie, .changes = false};
  EXPECT_EQ(access.Decide(request).key, "feedback");
  EXPECT_EQ(Status(access, {.role = Role::kAdmin, .cookie = cookie, .changes = false}), 403);
  EXPECT_EQ(access.WhoIs(request).role, Role::kFeedback);
  EXPECT_EQ(access.WhoIs({}).role, Role::kPublic);
  EXPECT_EQ(Status(access, {.role = Role::kClassify, .cookie = "winnow_session=1:2:feedback", .changes = false}), 401);
  contents_ = RemoveApiKey(contents_, "keys", "feedback").value();
  access.Replace(Keys());
  EXPECT_EQ(Status(access, request), 401);
  EXPECT_EQ(access.WhoIs(request).role, Role::kPublic);
}

TEST_F(AccessTest, WrongKeysAtTheSignInAreLimited) {
  Access access(options_, Keys());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(access.SignIn("wk_no", "192.0.2.1").error().status, 401);
  EXPECT_EQ(access.SignIn("wk_no", "192.0.2.1").error().status, 429);
  EXPECT_TRUE(access.SignIn(secrets_.at("admin"), "192.0.2.1")) << "a valid key is accepted in any case";
  EXPECT_EQ(Access(options_, nullptr).SignIn("wk_no", "192.0.2.1").error().status, 409);
}

TEST_F(AccessTest, WithoutKeysWhoIsTellsWhatTheClientMayDo) {
  EXPECT_EQ(Access(options_, nullptr).WhoIs({.client = "127.0.0.1", .host = "localhost"}).role, Role::kAdmin);
  EXPECT_EQ(Access(options_, nullptr).WhoIs({.client = "127.0.0.1", .host = "evil.example"}).role, Role::kFeedback);
  options_.public_address = true;
  EXPECT_EQ(Access(options_, nullptr).WhoIs({.client = "192.0.2.1"}).role, Role::kFeedback);
}

}  // namespace
}  // namespace winnow
