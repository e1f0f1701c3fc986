#include "forget/forget_subject.h"

#include <algorithm>

#include "filter/spam_filter.h"
#include "store/user_name.h"

namespace winnow {
namespace {

std::string_view FieldOf(const Row& row, std::string_view name) {
  const auto found = std::ranges::find(row.fields, name, &Field::name);
  return found == row.fields.end() ? std::string_view() : std::string_view(found->value.text);
}

}  // namespace

std::vector<std::string> SpellingsOf(const std::vector<std::string>& users) {
  std::vector<std::string> all = users;
  for (const std::string& user : users) {
    std::string normal = NormalUser(user);
    if (std::ranges::find(all, normal) == all.end()) all.push_back(std::move(normal));
  }
  return all;
}

bool IsAmong(const std::vector<std::string>& users, std::string_view name) {
  const auto has = [&](std::string_view user) { return std::ranges::find(users, user) != users.end(); };
  return has(name) || has(NormalUser(name));
}

bool ForgetSubject::OfUser(const Row& row) const {
  if (user_field.empty() || users.empty()) return false;
  return IsAmong(users, FieldOf(row, user_field));
}

bool ForgetSubject::Goes(const Row& row) const {
  if (OfUser(row) || forgotten.Contains(row.text)) return true;
  if (forgotten.empty()) return false;
  FilterMessage message;
  message.subject = FieldOf(row, "subject");
  message.body = FieldOf(row, "body");
  return forgotten.Contains(FieldOf(row, "text")) || forgotten.Contains(TextForModel(message, nullptr).joined());
}

void TextsOfPlace::AddForms(const std::string& text, ForgottenTexts& to) const {
  to.Add(text);
  if (!text_template) return;
  FilterMessage message;
  message.text = text;
  to.Add(TextForModel(message, &*text_template).joined());
}

std::string TextsOfPlace::TextOf(const Row& row) const {
  if (!text_template) return std::string(row.text);
  std::string text;
  text_template->Render([&](std::string_view name) { return FieldOf(row, name); }, text);
  return text;
}

}  // namespace winnow
