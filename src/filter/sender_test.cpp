#include "filter/sender.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

using List = SenderReputation::List;
using std::chrono::days;

StoredReputation Record(const std::string& sender, std::string_view kind, const std::string& user, double score,
                        StoreTime at = StoreTime(days(20000))) {
  return {{sender, std::string(kind), user}, {score, at}};
}

SenderReputation Of(const std::vector<StoredReputation>& records, StoreTime now = StoreTime(days(20000))) {
  return ReputationOf(records, "joe@example.com", now, days(30));
}

TEST(NormalSender, HasOneFormPerSender) {
  EXPECT_EQ(NormalSender("Joe <Joe@Example.COM>"), "joe@example.com");
  EXPECT_EQ(NormalSender("  joe@example.com\n"), "joe@example.com");
  EXPECT_EQ(NormalSender("+49 (30) 123-45"), "+493012345");
  EXPECT_EQ(NormalSender("0800 / 555.01"), "080055501");
  EXPECT_EQ(NormalSender(" AMAZON "), "amazon");
  EXPECT_EQ(NormalSender(""), "");
}

TEST(NormalSender, IsTheSameWhenItIsNormalizedAgain) {
  for (const char* const sender :
       {"x@y>)=\n.", "<x@y>.", "<x@y.>", "x@y. .", "x@xn--xn--abc-", "x@xn--xn--abc--bcher-kva", "x@xn--y>-bcher-kva",
        "x@xn--\u00f6-bcher-kva", "Dr. No."}) {
    const std::string normal = NormalSender(sender);
    EXPECT_EQ(NormalSender(normal), normal) << sender;
  }
  EXPECT_EQ(NormalSender("<x@y>."), "x@y");
}

TEST(NormalSender, HasTheLettersOfAnInternationalizedDomain) {
  for (const char* const sender :
       {"x@xn--bcher-kva.Example", "x@XN--bcher-KVA.example.", "x@bücher.example", "x@BÜCHER.example"})
    EXPECT_EQ(NormalSender(sender), "x@bücher.example");
  EXPECT_EQ(NormalSender("@mail.xn--r8jz45g.example"), "@mail.例え.example");
  EXPECT_EQ(NormalSender("x@xn--fa-hia.example"), "x@faß.example") << "not fass.example, which is another domain";
  for (const char* const sender :
       {"x@xn--.example", "x@xn--99999999.example", "x@xn--a_b-c!.example", "x@example", "x@"})
    EXPECT_EQ(NormalSender(sender), sender);
}

TEST(NormalSender, LeavesOutWhatTheStoreCannotHold) {
  EXPECT_EQ(NormalSender(std::string(321, 'a')), "");
  EXPECT_EQ(NormalSender("joe\xff"), "");
  EXPECT_EQ(NormalSender("joe@example.com\xff"), "");
  EXPECT_EQ(NormalSender("joe\xff@"), "");
  EXPECT_EQ(NormalSender("a@" + std::string(330, 'a')), "");
}

TEST(NormalSender, IsTheDomainOfAnAddressThatTheStoreCannotHold) {
  EXPECT_EQ(NormalSender("Joe <" + std::string(310, 'a') + "@Casino.example>"), "@casino.example");
  EXPECT_EQ(NormalSender("joe\xff@example.com"), "@example.com");
  EXPECT_EQ(NormalSender(std::string("joe\0@example.com", 16)), "@example.com");
}

TEST(DomainOfSender, IsWhatFollowsTheLastAt) {
  EXPECT_EQ(DomainOfSender("joe@example.com"), "@example.com");
  EXPECT_EQ(DomainOfSender("\"a@b\"@example.com"), "@example.com");
  EXPECT_EQ(DomainOfSender("+493012345"), "");
  EXPECT_EQ(DomainOfSender("@example.com"), "");
  EXPECT_EQ(DomainOfSender("joe@"), "");
}

TEST(ReputationOf, ListsOfUsersAndOfSendersPrecede) {
  const auto all = Record("joe@example.com", kDenyKind, "", 1), own = Record("joe@example.com", kAllowKind, "anna", 1);
  const auto domain = Record("@example.com", kDenyKind, "anna", 1), removed = Record("@example.com", kDenyKind, "", 0);
  EXPECT_EQ(Of({}).list, List::kNone);
  EXPECT_EQ(Of({all}).list, List::kDenied);
  EXPECT_FALSE(Of({all}).by_user);
  EXPECT_EQ(Of({all, own}).list, List::kAllowed);
  EXPECT_TRUE(Of({all, own}).by_user);
  EXPECT_EQ(Of({domain, own}).list, List::kAllowed) << "the entry of the sender precedes that of the domain";
  EXPECT_EQ(Of({domain}).list, List::kDenied);
  EXPECT_EQ(Of({removed}).list, List::kNone);
  EXPECT_EQ(Of({Record("joe@example.com", kAllowKind, "", 1), all}).list, List::kDenied) << "of equals, deny counts";
}

TEST(ReputationOf, ScoresHalveWithinTheHalfLife) {
  const std::vector<StoredReputation> records = {Record("joe@example.com", kScoreKind, "anna", 4),
                                                 Record("joe@example.com", kScoreKind, "", -2),
                                                 Record("@example.com", kScoreKind, "", 100)};
  EXPECT_EQ(Of(records).user_score, 4);
  EXPECT_EQ(Of(records).common_score, -2);
  EXPECT_EQ(Of(records).list, List::kNone);
  EXPECT_NEAR(Of(records, StoreTime(days(20030))).score(), 1, 1e-9);
  EXPECT_NEAR(Of(records, StoreTime(days(20060))).user_score, 1, 1e-9);
  EXPECT_EQ(Of(records, StoreTime(days(19000))).user_score, 4) << "a clock that was set back";
}

}  // namespace
}  // namespace winnow
