/// The files that AWS's tools keep credentials and settings in: ~/.aws/credentials and ~/.aws/config.
/// Format: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// The settings of one profile: names in lower case. Nested settings, which are indented, are left out.
using AwsProfile = std::map<std::string, std::string>;

/// Parses one of the files: its profiles by name. In ~/.aws/config (`is_config`) profiles are the sections "default"
/// and "profile NAME"; other sections, such as "sso-session NAME", are left out. A setting that occurs twice has its
/// last value. Errors: kInvalidData with the number of the line, which is not quoted, because it may contain a secret.
Result<std::map<std::string, AwsProfile>> ParseAwsProfiles(std::string_view text, bool is_config);

}  // namespace winnow
