#include "milter/mail_collector.h"

#include "base/ascii.h"

namespace winnow {

void MailCollector::Add(std::string_view bytes) {
  size_ += bytes.size();
  if (too_large()) {
    mail_ = {};
    return;
  }
  mail_ += bytes;
}

void MailCollector::AddHeader(std::string_view name, std::string_view value) {
  const std::string lower = LowerAscii(name.substr(0, name.find_last_not_of(" \t") + 1));
  for (size_t i = 0; i < kMilterHeaders.size(); ++i) {
    if (lower == LowerAscii(std::string_view(kMilterHeaders[i]))) ++spam_headers_[i];
  }
  Add(name);
  Add(":");
  for (size_t begin = 0; begin <= value.size();) {
    size_t end = value.find('\n', begin);
    if (end == std::string_view::npos) end = value.size();
    std::string_view line = value.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    Add(line);
    Add("\r\n");
    begin = end + 1;
  }
}

}  // namespace winnow
