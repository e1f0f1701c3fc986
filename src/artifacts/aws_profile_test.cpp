#include "artifacts/aws_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_of.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AwsProfile, CredentialsFile) {
  const auto profiles = ParseAwsProfiles(
                            "# made by hand\n[default]\naws_access_key_id = AKIA1\r\nAWS_SECRET_ACCESS_KEY=a/b+c=\n"
                            "\n; another\n[ team a ] # shared\naws_access_key_id=one\naws_access_key_id = two  # last\n"
                            "s3 =\n  addressing_style = path\n\tnested = 1\n",
                            false)
                            .value();
  ASSERT_EQ(profiles.size(), 2u);
  EXPECT_EQ(profiles.at("default").at("aws_access_key_id"), "AKIA1");
  EXPECT_EQ(profiles.at("default").at("aws_secret_access_key"), "a/b+c=");
  EXPECT_EQ(profiles.at("team a").at("aws_access_key_id"), "two");
  EXPECT_EQ(profiles.at("team a").count("addressing_style"), 0u);
}

TEST(AwsProfile, ConfigFile) {
  const auto profiles = ParseAwsProfiles(
                            "[default]\nregion = eu-west-1\n[profile prod]\nregion=us-west-2\n"
                            "[profile \"with space\"]\nregion = a\n[sso-session x]\nsso_region = b\n"
                            "[profiles]\nregion = c\n",
                            true)
                            .value();
  ASSERT_EQ(profiles.size(), 3u);
  EXPECT_EQ(profiles.at("default").at("region"), "eu-west-1");
  EXPECT_EQ(profiles.at("prod").at("region"), "us-west-2");
  EXPECT_EQ(profiles.at("with space").at("region"), "a");
}

TEST(AwsProfile, LinesThatAreNotValidAreNamedAndNotQuoted) {
  for (const std::string text :
       {"secret = 1\n", "[default]\nsecret\n", "[default\n", "[default]\n= secret\n", "[]\n"}) {
    const Error error = ErrorOf(ParseAwsProfiles(text, false));
    EXPECT_EQ(error.code, ErrorCode::kInvalidData) << text;
    EXPECT_THAT(error.message, HasSubstr("line ")) << text;
    EXPECT_THAT(error.Text(), Not(HasSubstr("secret"))) << text;
  }
  EXPECT_TRUE(ParseAwsProfiles("", false).value().empty());
}

}  // namespace
}  // namespace winnow
