#include "base/minisign.h"

#include <gtest/gtest.h>

#include <random>

namespace winnow {
namespace {

// Made with minisign 0.11 (Debian): minisign -G -W; minisign -S -m m.txt -t 'spam 1.0.0', and the same with -l.
constexpr std::string_view kMessage = "{\"name\":\"spam\"}\n";
constexpr std::string_view kKey = "RWRl/lJkjIalBa1EL7wSQNx0xu9gRBlbPb8tsTjM7Qt8+t/VgepITSE4";
constexpr std::string_view kPrehashed =
    "untrusted comment: a model\n"
    "RURl/lJkjIalBQOoaB3LfDGFRcC9707c3nPN+Tlo4rhBOo+BWYnrEBnUEPq+D9dxl3CmjPPup/WkE4xcGP0RV+sx6Sq8Yg1smAs=\n"
    "trusted comment: spam 1.0.0\n"
    "zfz0kp1LKcyOzwBe0XnZtPag1o5Un2ywNkPx5WJZOM7qB2r7H01HRquic+410CZ977+uS0CAQzQWtnSEcQlSDQ==\n";
constexpr std::string_view kPlain =
    "untrusted comment: signature from minisign secret key\n"
    "RWRl/lJkjIalBSDZTV6ufmtOkTS2OU2IvBxZBNrOLW+5+PIWt6DeyXSi+wommzK72QhOOcQ/3CeV4zzJcrmw1SpljHp0YrCmFg4=\n"
    "trusted comment: spam 1.0.0\n"
    "2fNU4fSasS0ASQcbUmxUxJF1CpqHCNiGhakgLhcK3+pXzUZl4t1Ul8GAssM8BvBnVHv3aPQBBK0gBVkeHydeAg==\n";

MinisignKey Key() { return ParseMinisignKey(kKey, "key").value(); }

Result<void> Verify(std::string_view message, std::string_view signature, const MinisignKey& key) {
  return VerifyMinisign(message, TRY(ParseMinisignSignature(signature, "m.minisig")), key, "m.minisig");
}

std::string Replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string changed(text);
  changed.replace(changed.find(from), from.size(), to);
  return changed;
}

TEST(Minisign, AcceptsSignaturesOfMinisignInBothForms) {
  EXPECT_TRUE(Verify(kMessage, kPrehashed, Key()));
  EXPECT_TRUE(Verify(kMessage, kPlain, Key()));
  EXPECT_EQ(ParseMinisignSignature(kPrehashed, "x")->trusted_comment, "spam 1.0.0");
  EXPECT_EQ(Key().IdText(), "05A5868C6452FE65");
}

TEST(Minisign, ReadsAKeyWithAndWithoutItsComment) {
  EXPECT_EQ(ParseMinisignKey("untrusted comment: key\n" + std::string(kKey) + "\n", "k.pub").value(), Key());
  EXPECT_EQ(ParseMinisignKey(std::string(kKey) + "\r\n", "k.pub").value(), Key());
  for (const std::string& wrong : {std::string(), std::string("RWRl"), Replaced(kKey, "RW", "RX"),
                                   std::string(kKey) + "\nmore", std::string(kPrehashed)}) {
    const auto key = ParseMinisignKey(wrong, "k.pub");
    ASSERT_FALSE(key) << wrong;
    EXPECT_EQ(key.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(FindMinisignKey(std::string(kKey)).value(), Key());
  EXPECT_EQ(FindMinisignKey("no-such-file.pub").error().code, ErrorCode::kNotFound);
}

TEST(Minisign, RefusesAChangedMessageCommentOrKey) {
  EXPECT_FALSE(Verify("{\"name\":\"Spam\"}\n", kPrehashed, Key()));
  EXPECT_FALSE(Verify("", kPlain, Key()));
  const auto comment = Verify(kMessage, Replaced(kPrehashed, "spam 1.0.0", "spam 2.0.0"), Key());
  ASSERT_FALSE(comment);
  EXPECT_NE(comment.error().message.find("trusted comment"), std::string::npos);
  MinisignKey other = Key();
  other.id[0] ^= 1;
  const auto wrong_id = Verify(kMessage, kPrehashed, other);
  ASSERT_FALSE(wrong_id);
  EXPECT_NE(wrong_id.error().message.find("05A5868C6452FE65"), std::string::npos);
  MinisignKey same_id = Key();
  same_id.key[5] ^= 1;
  EXPECT_FALSE(Verify(kMessage, kPrehashed, same_id));
  // A signature of the digest is not one of the bytes.
  EXPECT_FALSE(Verify(kMessage, Replaced(kPrehashed, "RURl", "RWRl"), Key()));
}

TEST(Minisign, RefusesEveryOtherFile) {
  const std::string good(kPrehashed);
  for (size_t size = 0; size + 1 < good.size(); ++size) {
    EXPECT_FALSE(Verify(kMessage, good.substr(0, size), Key())) << size;
  }
  EXPECT_FALSE(Verify(kMessage, good + "more", Key()));
  EXPECT_FALSE(Verify(kMessage, std::string(1 << 17, 'a'), Key()));
  // The first comment is not signed; every other changed byte is noticed.
  const size_t signed_from = good.find('\n') + 1;
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string changed = good;
    const size_t at = signed_from + random() % (good.size() - 1 - signed_from);
    const auto byte = static_cast<char>(random());
    if (byte == changed[at]) continue;
    changed[at] = byte;
    EXPECT_FALSE(Verify(kMessage, changed, Key())) << at << " " << static_cast<int>(byte);
  }
}

}  // namespace
}  // namespace winnow
