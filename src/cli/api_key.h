/// The API key that a command sends to a server.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "client/server_client.h"

namespace winnow {

/// Returns the key in a file, otherwise that in WINNOW_API_KEY; empty if there is none. Errors: those of ReadFile;
/// kInvalidData if the file is empty; kInvalidArgument if the text cannot be a key.
Result<std::string> ReadApiKey(const std::optional<std::filesystem::path>& file);

/// Warns if a key would be sent to `address` in a way that others could read; `what` is sent with it.
void WarnOfOpenKey(const std::string& key, const ServerAddress& address, std::string_view what);

}  // namespace winnow
