#include "milter/listen_address.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <optional>

#include "base/log.h"
#include "base/parse_number.h"

namespace winnow {
namespace {

std::optional<int> PortIn(std::string_view text) {
  constexpr int kMost = 65535;
  const std::optional<int> port = ParseNumber<int>(text);
  return port && *port >= 1 && *port <= kMost ? port : std::nullopt;
}

}  // namespace

Result<std::string> ParseMilterAddress(std::string_view address) {
  const auto wrong = [&](std::string_view why, std::string hint = "specify inet:8891@127.0.0.1 or unix:/PATH") {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("--listen {}: {}", Printable(address), why), std::move(hint));
  };
  const size_t colon = address.find(':');
  const std::string_view kind = address.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? "" : address.substr(colon + 1);
  if (kind == "unix" || kind == "local") {
    if (!rest.starts_with('/')) return wrong("a Unix socket requires an absolute path");
    if (rest.size() >= sizeof(sockaddr_un::sun_path)) {
      return wrong(fmt::format("the path has {} bytes, and the path of a Unix socket has at most {}", rest.size(),
                               sizeof(sockaddr_un::sun_path) - 1));
    }
    return std::string(address);
  }
  if (kind != "inet" && kind != "inet6") return wrong("not an address for a milter");
  const size_t at = rest.find('@');
  if (at == std::string_view::npos) {
    const size_t last = rest.rfind(':');
    if (last != std::string_view::npos && last > 0 && PortIn(rest.substr(last + 1))) {
      return wrong("the port must precede the host",
                   fmt::format("specify {}:{}@{}", kind, rest.substr(last + 1), Printable(rest.substr(0, last))));
    }
    return wrong("the host is missing", "specify inet:8891@127.0.0.1, or inet:8891@0.0.0.0 for all addresses");
  }
  if (!PortIn(rest.substr(0, at))) return wrong("the port must be a number between 1 and 65535");
  if (at + 1 == rest.size()) return wrong("the host is missing");
  return std::string(address);
}

}  // namespace winnow
