/// Small tar files for tests, written by hand.
#pragma once

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace winnow {

/// One member with its header (POSIX.1-1988, ustar) and filling.
inline std::string TarMember(std::string_view name, std::string_view contents, char type = '0') {
  std::string header(512, '\0');
  const auto put = [&](size_t at, std::string_view text) { header.replace(at, text.size(), text); };
  const auto octal = [&](size_t at, int digits, size_t value) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%0*zo", digits, value);
    put(at, std::string_view(text.data()));
  };
  put(0, name.substr(0, 100));
  put(100, "0000644");
  octal(124, 11, contents.size());
  octal(136, 11, 0);
  header[156] = type;
  put(257, std::string_view("ustar\00000", 8));
  put(148, "        ");
  size_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  octal(148, 6, sum);
  header[154] = '\0';
  std::string member = header + std::string(contents);
  member.resize((member.size() + 511) / 512 * 512, '\0');
  return member;
}

inline std::string TarOf(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string tar;
  for (const auto& [name, contents] : members) tar += TarMember(name, contents);
  return tar + std::string(1024, '\0');
}

}  // namespace winnow
