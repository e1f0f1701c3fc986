#include "server/trusted_proxies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace winnow {
namespace {

using testing::HasSubstr;
using Headers = std::vector<std::pair<std::string, std::string>>;

TrustedProxies Trusting(const std::vector<std::string>& entries) { return TrustedProxies::Parse(entries).value(); }

Headers Forwarded(const std::string& list) { return {{"x-forwarded-for", list}}; }

TEST(TrustedProxies, NobodyIsTrustedByDefault) {
  const TrustedProxies none;
  EXPECT_TRUE(none.empty());
  for (const char* peer : {"127.0.0.1", "::1", "unix", ""}) {
    EXPECT_FALSE(none.Trusts(peer)) << peer;
    EXPECT_EQ(none.ClientOf(peer, Forwarded("192.0.2.1")), peer);
  }
}

TEST(TrustedProxies, MayBeAddressesNetworksLoopbackAndUnix) {
  const TrustedProxies proxies =
      Trusting({"10.0.0.5", "172.16.0.0/12", "192.0.2.128/25", "2001:db8::/33", "2001:db8:ffff::1", "loopback"});
  EXPECT_FALSE(proxies.empty());
  for (const char* peer : {"10.0.0.5", "::ffff:10.0.0.5", "172.16.0.0", "172.31.255.255", "192.0.2.128", "2001:db8::1",
                           "2001:db8:7fff::", "2001:db8:ffff::1", "127.0.0.1", "127.255.0.1", "::1"})
    EXPECT_TRUE(proxies.Trusts(peer)) << peer;
  for (const char* peer : {"10.0.0.4", "172.15.255.255", "172.32.0.0", "192.0.2.127", "2001:db8:8000::", "2001:db9::1",
                           "2001:db8:ffff::2", "128.0.0.1", "::2", "::", "unix", "unix:", "localhost", ""})
    EXPECT_FALSE(proxies.Trusts(peer)) << peer;
  EXPECT_TRUE(Trusting({"unix"}).Trusts("unix"));
  EXPECT_FALSE(Trusting({"unix"}).Trusts("127.0.0.1"));
}

TEST(TrustedProxies, WidestAndNarrowestNetworksAreUnderstood) {
  EXPECT_TRUE(Trusting({"0.0.0.0/0"}).Trusts("255.255.255.255"));
  EXPECT_FALSE(Trusting({"0.0.0.0/0"}).Trusts("::1"));
  EXPECT_TRUE(Trusting({"::/0"}).Trusts("2001:db8::1"));
  EXPECT_FALSE(Trusting({"::/0"}).Trusts("10.0.0.1")) << "who says all of IPv6 doesn't say IPv4";
  EXPECT_TRUE(Trusting({"10.0.0.1/32"}).Trusts("10.0.0.1"));
  EXPECT_FALSE(Trusting({"10.0.0.1/32"}).Trusts("10.0.0.0"));
  EXPECT_TRUE(Trusting({"2001:db8::1/128"}).Trusts("2001:db8::1"));
  EXPECT_FALSE(Trusting({"2001:db8::1/128"}).Trusts("2001:db8::"));
  EXPECT_TRUE(Trusting({"::ffff:10.0.0.0/104"}).Trusts("10.255.0.1"));
}

TEST(TrustedProxies, InvalidProxiesAreRefusedWithAdvice) {
  for (const char* entry :
       {"", "nginx", "localhost", "*", "10.0.0", "10.0.0.256", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8",
        "10.0.0.0/8/8", "10.0.0.0/8x", "10.0.0.0/99999999999999999999", "2001:db8::/129", " 10.0.0.5", "10.0.0.5:80",
        "fe80::1%eth0", "/run/nginx.sock", "Unix"}) {
    const auto proxies = TrustedProxies::Parse({"127.0.0.1", entry});
    ASSERT_FALSE(proxies) << entry;
    EXPECT_EQ(proxies.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(proxies.error().message, HasSubstr("'" + std::string(entry) + "'"));
  }
}

TEST(TrustedProxies, ANetworkIsNamedByItsFirstAddress) {
  const auto advice = [](const char* entry) { return TrustedProxies::Parse({entry}).error().hint; };
  EXPECT_THAT(advice("10.1.2.3/8"), HasSubstr("write 10.0.0.0/8 for the network, or 10.1.2.3 "));
  EXPECT_THAT(advice("2001:db8::1/32"), HasSubstr("write 2001:db8::/32 "));
  EXPECT_THAT(advice("::ffff:10.1.2.3/104"), HasSubstr("write 10.0.0.0/8 "));
  EXPECT_THAT(advice("192.0.2.129/25"), HasSubstr("write 192.0.2.128/25 "));
}

TEST(TrustedProxies, AnUntrustedPeerIsTheClientWhateverItsHeaderSays) {
  const TrustedProxies proxies = Trusting({"10.0.0.0/8", "unix"});
  for (const char* peer : {"192.0.2.7", "127.0.0.1", "2001:db8::1", "11.0.0.1"})
    EXPECT_EQ(proxies.ClientOf(peer, Forwarded("198.51.100.1")), peer);
}

TEST(TrustedProxies, ATrustedProxyNamesTheClient) {
  const TrustedProxies proxies = Trusting({"loopback", "unix"});
  for (const char* peer : {"127.0.0.1", "::1", "unix", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(proxies.ClientOf(peer, Forwarded("198.51.100.1")), "198.51.100.1");
    EXPECT_EQ(proxies.ClientOf(peer, Forwarded(" \t2001:DB8:0::1 ")), "2001:db8::1");
    EXPECT_EQ(proxies.ClientOf(peer, Forwarded("::ffff:198.51.100.1")), "198.51.100.1");
    EXPECT_EQ(proxies.ClientOf(peer, {}), peer);
    EXPECT_EQ(proxies.ClientOf(peer, {{"x-real-ip", "198.51.100.1"}, {"forwarded", "for=198.51.100.1"}}), peer);
  }
}

TEST(TrustedProxies, EntriesThatTheClientMadeUpAreIgnored) {
  const TrustedProxies proxies = Trusting({"10.0.0.0/8"});
  const auto client = [&](const std::string& list) { return proxies.ClientOf("10.0.0.1", Forwarded(list)); };
  EXPECT_EQ(client("203.0.113.9, 198.51.100.1"), "198.51.100.1");
  EXPECT_EQ(client("10.0.0.7, 198.51.100.1"), "198.51.100.1") << "even where it claims to be a proxy";
  EXPECT_EQ(client("127.0.0.1,unix,<script>,,198.51.100.1"), "198.51.100.1");
}

TEST(TrustedProxies, AChainOfProxiesIsFollowedToItsEnd) {
  const TrustedProxies proxies = Trusting({"10.0.0.0/8", "2001:db8::/32"});
  const auto client = [&](const std::string& list) { return proxies.ClientOf("10.0.0.1", Forwarded(list)); };
  EXPECT_EQ(client("203.0.113.9, 198.51.100.1, 10.0.0.2, 2001:db8::5"), "198.51.100.1");
  EXPECT_EQ(client("198.51.100.1, ::ffff:10.0.0.2"), "198.51.100.1");
  EXPECT_EQ(client("10.0.0.4, 10.0.0.3, 10.0.0.2"), "10.0.0.4") << "one of the network's own";
  EXPECT_EQ(client("198.51.100.1, 11.0.0.2, 10.0.0.2"), "11.0.0.2");
}

TEST(TrustedProxies, SeveralHeadersAreOneList) {
  const TrustedProxies proxies = Trusting({"10.0.0.0/8"});
  const Headers headers = {{"x-forwarded-for", "203.0.113.9, 198.51.100.1"},
                           {"host", "example.org"},
                           {"x-forwarded-for", "10.0.0.3"},
                           {"x-forwarded-for", "10.0.0.2"}};
  EXPECT_EQ(proxies.ClientOf("10.0.0.1", headers), "198.51.100.1");
  EXPECT_EQ(proxies.ClientOf("10.0.0.1", {{"x-forwarded-for", "203.0.113.9"}, {"x-forwarded-for", "198.51.100.1"}}),
            "198.51.100.1");
}

TEST(TrustedProxies, PortsAreRemoved) {
  const TrustedProxies proxies = Trusting({"10.0.0.0/8", "::1"});
  const auto client = [&](const std::string& list) { return proxies.ClientOf("10.0.0.1", Forwarded(list)); };
  EXPECT_EQ(client("198.51.100.1:567"), "198.51.100.1");
  EXPECT_EQ(client("[2001:db8::1]:567"), "2001:db8::1");
  EXPECT_EQ(client("[2001:db8::1]"), "2001:db8::1");
  EXPECT_EQ(client("2001:db8::1:567"), "2001:db8::1:567") << "an address too";
  EXPECT_EQ(client("198.51.100.1:1, [::1]:2, 10.0.0.2:3"), "198.51.100.1");
}

TEST(TrustedProxies, AnInvalidAddressEndsTheSearch) {
  const TrustedProxies proxies = Trusting({"10.0.0.0/8"});
  const auto client = [&](const std::string& list) { return proxies.ClientOf("10.0.0.1", Forwarded(list)); };
  for (const std::string garbage : {"",
                                    " ",
                                    "unknown",
                                    "_hidden",
                                    "unix",
                                    "unix:",
                                    "localhost",
                                    "198.51.100",
                                    "198.51.100.1.2",
                                    "198.51.100.1:",
                                    "198.51.100.1:x",
                                    "198.51.100.1:-1",
                                    "198.51.100.1:99999999999999",
                                    ":80",
                                    ":",
                                    "[",
                                    "]",
                                    "[]",
                                    "[]:80",
                                    "\"198.51.100.1\"",
                                    "198.51.100.1 198.51.100.2",
                                    "for=198.51.100.1",
                                    "198.51.100.1;",
                                    "\xff\xfe"}) {
    EXPECT_EQ(client(garbage), "10.0.0.1") << garbage;
    EXPECT_EQ(client("198.51.100.1, " + garbage), "10.0.0.1") << garbage;
    EXPECT_EQ(client("198.51.100.1, " + garbage + ", 10.0.0.2"), "10.0.0.2") << garbage;
  }
  EXPECT_EQ(client(std::string("198.51.100.1\0", 13)), "10.0.0.1");
  EXPECT_EQ(client(","), "10.0.0.1");
}

TEST(TrustedProxies, TheSearchIsBounded) {
  const TrustedProxies proxies = Trusting({"10.0.0.0/8"});
  std::string list = "198.51.100.1";
  for (int i = 0; i < 63; ++i) list += ", 10.0.0.2";
  EXPECT_EQ(proxies.ClientOf("10.0.0.1", Forwarded(list)), "198.51.100.1");
  EXPECT_EQ(proxies.ClientOf("10.0.0.1", Forwarded(list + ", 10.0.0.3")), "10.0.0.2");
  Headers many(100000, {"x-forwarded-for", "10.0.0.4"});
  many.front().second = "198.51.100.1";
  EXPECT_EQ(proxies.ClientOf("10.0.0.1", many), "10.0.0.4");
}

TEST(TrustedProxies, LongAndRandomListsAreSurvived) {
  const TrustedProxies proxies = Trusting({"10.0.0.0/8"});
  for (const char filler : {',', ':', '1', '.', '[', ' ', '%', '\0'})
    EXPECT_EQ(proxies.ClientOf("10.0.0.1", Forwarded(std::string(1 << 20, filler))), "10.0.0.1");
  std::mt19937 random(1);
  const std::string_view letters("0123456789abf.:,[]%/ \t\0x", 24);
  for (int i = 0; i < 20000; ++i) {
    std::string list(random() % 40, ' ');
    for (char& c : list) c = letters[random() % letters.size()];
    const std::string client = proxies.ClientOf("10.0.0.1", Forwarded(list + ",10.0.0.2"));
    const auto address = ReadAddress(client);
    ASSERT_TRUE(address) << list;
    EXPECT_EQ(AddressText(*address), client) << list;
  }
}

}  // namespace
}  // namespace winnow
