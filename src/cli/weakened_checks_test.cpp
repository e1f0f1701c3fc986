#include "cli/weakened_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

class WeakenedChecksTest : public ::testing::Test {
 protected:
  WeakenedChecksTest() {
    table_.Add("verify", &verify_, "Check digests");
    table_.Add("overwrite", &overwrite_, "Replace what is there");
    table_.AddConfig("config", &config_, "A file");
  }

  /// Returns the error of a command line, or an empty text.
  std::string Refused(const std::vector<std::string>& arguments,
                      const std::map<std::string, std::string>& environment) {
    const auto variable = [&](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    EXPECT_TRUE(table_.Parse(arguments, {.environment = variable, .preset_directories = {}}));
    const Result<void> checked = RefuseWeakenedChecks(table_);
    return checked ? "" : checked.error().Text();
  }

  std::string Config(std::string_view contents) {
    const std::filesystem::path file = directory_.path() / "c.toml";
    EXPECT_TRUE(WriteFileAtomically(file, contents));
    return file.string();
  }

  TemporaryDirectory directory_;
  bool verify_ = true, overwrite_ = false;
  std::optional<std::filesystem::path> config_;
  OptionTable table_{"classify", "Classifies."};
};

TEST_F(WeakenedChecksTest, CountOnTheCommandLineOnly) {
  EXPECT_EQ(Refused({"--no-verify", "--overwrite"}, {}), "");
  EXPECT_FALSE(verify_);
  EXPECT_THAT(
      Refused({"--config", Config("\nverify = false\n")}, {}),
      HasSubstr("c.toml, line 2: verify: 'false' is only allowed on the command line, because it weakens a check\n"
                "  specify --no-verify on the command line"));
  EXPECT_THAT(Refused({"--config", Config("overwrite = true\n")}, {}), HasSubstr("specify --overwrite on the"));
  EXPECT_THAT(Refused({}, {{"WINNOW_VERIFY", "0"}}),
              HasSubstr("WINNOW_VERIFY: '0' is only allowed on the command line"));
}

TEST_F(WeakenedChecksTest, WhatKeepsTheCheckMayComeFromAnywhere) {
  EXPECT_EQ(Refused({"--config", Config("verify = true\noverwrite = false\n")}, {{"WINNOW_VERIFY", "1"}}), "");
  EXPECT_EQ(Refused({"--verify"}, {{"WINNOW_VERIFY", "0"}}), "");
}

}  // namespace
}  // namespace winnow
