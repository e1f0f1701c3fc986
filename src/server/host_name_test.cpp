#include "server/host_name.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(HostNames, AreReadWithTheirPorts) {
  const auto name = ParseHost("Example.org:8080");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->host, "example.org");
  EXPECT_EQ(name->port, "8080");
  EXPECT_FALSE(name->is_address);
  const auto address = ParseHost("[::1]:80");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(address->port, "80");
  EXPECT_TRUE(address->is_address);
  EXPECT_TRUE(ParseHost("127.0.0.1")->is_address);
  EXPECT_EQ(ParseHost("")->host, "");
}

TEST(HostNames, AreRefusedWithAnythingAroundThem) {
  for (const char* text : {"[::1]evil.example", "127.0.0.1%evil.example", "localhost:80@evil.example", "user@localhost",
                           "/x", "unix:x", "[::1", "[fe80::1%eth0]", "[localhost]", "[127.0.0.1]", "a b", "::1",
                           "localhost:", "localhost:123456", ":80", "exa\xc3\xa4mple", "a,b"}) {
    const auto name = ParseHost(text);
    EXPECT_TRUE(!name || text == std::string("localhost:")) << text;
  }
}

TEST(HostNames, OfThisMachineAreLocalhostAndLoopbackAddresses) {
  for (const char* text : {"localhost", "LOCALHOST:80", "127.0.0.1", "127.9.9.9:1", "[::1]", "[::ffff:127.0.0.1]"}) {
    EXPECT_TRUE(IsLoopbackName(*ParseHost(text))) << text;
  }
  for (const char* text : {"unix", "localhost.evil.example", "192.0.2.1", "[::2]", "0.0.0.0", "127.0.0.1.example"}) {
    EXPECT_FALSE(IsLoopbackName(*ParseHost(text))) << text;
  }
}

TEST(Origins, AreWebPagesAddresses) {
  EXPECT_EQ(ParseOrigin("https://Example.org:1")->host, "example.org");
  for (const char* text : {"null", "", "example.org", "file://x", "http://", "http://a/b", "http://a@b"}) {
    EXPECT_FALSE(ParseOrigin(text)) << text;
  }
}

TEST(AllowedHosts, AreLoopbackAddressesAndTheListed) {
  const AllowedHosts hosts({"Filter.example"});
  for (const char* text : {"filter.EXAMPLE:8080", "localhost", "127.0.0.1", "192.0.2.1", "[2001:db8::1]", ""}) {
    EXPECT_TRUE(hosts.Allows(*ParseHost(text))) << text;
  }
  EXPECT_FALSE(hosts.Allows(*ParseHost("evil.example")));
  EXPECT_FALSE(hosts.Allows(*ParseHost("x.filter.example")));
  EXPECT_TRUE(AllowedHosts({"*"}).Allows(*ParseHost("evil.example")));
  EXPECT_TRUE(AllowedHosts().Allows(*ParseHost("evil.example")));
}

}  // namespace
}  // namespace winnow
