#include "server/address.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(Address, AddressesThatOnlyThisMachineReachesAreLoopback) {
  for (const char* host : {"127.0.0.1", "127.8.9.10", "::1", "[::1]", "0:0:0:0:0:0:0:1", "localhost", "LocalHost",
                           "unix", "unix:/run/winnow.sock", "/run/winnow.sock", "::ffff:127.0.0.1"})
    EXPECT_TRUE(IsLoopback(host)) << host;
}

TEST(Address, AllOtherAddressesArePublic) {
  for (const char* host : {"",
                           "0.0.0.0",
                           "::",
                           "[::]",
                           "*",
                           "10.0.0.1",
                           "192.168.1.1",
                           "128.0.0.1",
                           "::2",
                           "fe80::1%lo",
                           "::ffff:10.0.0.1",
                           "example.org",
                           "localhost.example.org",
                           "localhos",
                           "127.1",
                           "127.0.0.1.example.org",
                           "0x7f000001",
                           "[",
                           "[]",
                           "unixlike"})
    EXPECT_FALSE(IsLoopback(host)) << host;
  EXPECT_FALSE(IsLoopback(std::string_view("127.0.0.1\0.example.org", 22)));
}

TEST(Address, AnIpv6NetworkOf64BitsCountsAsOneClient) {
  EXPECT_EQ(AddressGroup("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(AddressGroup("2001:DB8:1:2::"), "2001:db8:1:2::/64");
  EXPECT_NE(AddressGroup("2001:db8:1:3::"), AddressGroup("2001:db8:1:2::"));
  EXPECT_EQ(AddressGroup("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(AddressGroup("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(AddressGroup("::ffff:192.0.2.2"), "192.0.2.2") << "mapped addresses are no common network";
  EXPECT_EQ(AddressGroup("fe80::1%eth0"), "fe80::/64");
  EXPECT_EQ(AddressGroup("unix"), "unix");
  EXPECT_EQ(AddressGroup(""), "");
}

TEST(Address, EveryAddressHasOneTextForm) {
  const auto text = [](std::string_view address) { return AddressText(ReadAddress(address).value()); };
  EXPECT_EQ(text("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(text("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(text("[2001:DB8:0:0::1]"), "2001:db8::1");
  EXPECT_EQ(text("fe80::1%eth0"), "fe80::1");
  for (const char* none : {"", "localhost", "unix", "192.0.2.1:80", " 192.0.2.1", "192.0.2", "::g", "[::1]:80"})
    EXPECT_EQ(ReadAddress(none), std::nullopt) << none;
}

}  // namespace
}  // namespace winnow
