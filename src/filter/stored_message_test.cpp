#include "filter/stored_message.h"

#include <gtest/gtest.h>

#include "filter/spam_filter.h"

namespace winnow {
namespace {

std::string Made(const std::string& text, const char* pattern) {
  const TextTemplate text_template = *TextTemplate::Parse(pattern);
  return TextForModel(MessageOfStoredText(text, &text_template), &text_template).joined();
}

TEST(MessageOfStoredText, FillsTheTemplateAsTheMailItselfDoes) {
  FilterMessage mail;
  mail.subject = "You won";
  mail.body = "Claim your prize\n\ntoday";
  const std::string stored = TextForModel(mail, nullptr).joined();
  ASSERT_EQ(stored, "You won\nClaim your prize\n\ntoday");
  for (const char* const pattern : {"{subject} [SEP] {body:400}", "{subject}: {body}", "{text}"}) {
    const TextTemplate text_template = *TextTemplate::Parse(pattern);
    EXPECT_EQ(Made(stored, pattern), TextForModel(mail, &text_template).joined()) << pattern;
  }
}

TEST(MessageOfStoredText, IsABodyWithoutASubject) {
  EXPECT_EQ(Made("One line", "{subject}|{body}"), "|One line");
  EXPECT_EQ(Made("\nOnly a body", "{subject}|{body}"), "|\nOnly a body");
  EXPECT_EQ(Made("A subject\nand a body", "{body}"), "A subject\nand a body");
  EXPECT_EQ(MessageOfStoredText("Two\nlines", nullptr).text, "Two\nlines");
}

}  // namespace
}  // namespace winnow
