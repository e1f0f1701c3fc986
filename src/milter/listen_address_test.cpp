#include "milter/listen_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(MilterAddress, IsReadAsLibmilterReadsIt) {
  for (const char* address :
       {"inet:8891@127.0.0.1", "inet:1@localhost", "inet6:65535@::1", "unix:/run/winnow.sock", "local:/a"}) {
    EXPECT_EQ(ParseMilterAddress(address).value_or("refused"), address);
  }
}

TEST(MilterAddress, OtherFormsAreRefusedWithAdvice) {
  for (const std::string& address :
       {std::string(""), std::string("8891"), std::string("inet:"), std::string("inet:8891"), std::string("inet:0@h"),
        std::string("inet:65536@h"), std::string("inet:8891@"), std::string("inet:smtp@h"), std::string("unix:a"),
        std::string("unix:"), std::string("http://127.0.0.1:8891"), "unix:/" + std::string(200, 'x')}) {
    const auto parsed = ParseMilterAddress(address);
    ASSERT_FALSE(parsed) << address;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(parsed.error().message, testing::HasSubstr("--listen"));
    EXPECT_NE(parsed.error().hint, "");
  }
  EXPECT_EQ(ParseMilterAddress("inet:127.0.0.1:8891").error().hint, "specify inet:8891@127.0.0.1");
  EXPECT_EQ(ParseMilterAddress("inet6:::1:8891").error().hint, "specify inet6:8891@::1");
}

}  // namespace
}  // namespace winnow
