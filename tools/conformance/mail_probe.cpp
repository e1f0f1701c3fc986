// What src/mail makes of messages, for tools/conformance/email_module.py. Reads messages from standard input, each a
// 4-byte little-endian length and its bytes, and writes a line of JSON for each: MailMessage::ToJson, or {"error"}.
#include <array>
#include <cstdint>
#include <iostream>
#include <string>

#include "base/json.h"
#include "mail/mail_message.h"

int main() {
  std::array<unsigned char, 4> length{};
  while (std::cin.read(reinterpret_cast<char*>(length.data()), 4)) {
    const uint32_t size = length[0] | length[1] << 8 | length[2] << 16 | uint32_t{length[3]} << 24;
    std::string raw(size, '\0');
    if (!std::cin.read(raw.data(), size)) return 1;
    const auto mail = winnow::ReadMail(raw);
    std::cout << winnow::DumpJsonLine(mail ? mail->ToJson() : winnow::Json{{"error", mail.error().message}}) << '\n';
  }
  return 0;
}
