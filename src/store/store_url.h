/// Addresses of databases, as users write them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

struct StoreAddress {
  enum Kind { kSqlite, kPostgres } kind = kSqlite;
  std::filesystem::path path;  ///< SQLite: the file
  std::string url;             ///< PostgreSQL: the connection URI, with the password if there is one
  std::string password;        ///< PostgreSQL: the password, decoded; never printed
  std::string name;            ///< the address for people and logs, without the password

  /// Returns `message` with the password replaced, for messages of the database's library.
  std::string WithoutPassword(std::string message) const;
};

/// Parses sqlite:///absolute/path, sqlite:path, a plain path, or postgres://... and postgresql://..., the connection
/// URIs of PostgreSQL's manual (section 34.1.1.2). Paths in URLs are percent-decoded. Errors: kInvalidArgument,
/// kUnsupported for another scheme. Messages do not quote the URL, which may contain a password.
Result<StoreAddress> ParseStoreUrl(std::string_view url);

}  // namespace winnow
