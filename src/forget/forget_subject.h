/// What is to be forgotten, and how rows of data files tell it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/rows.h"
#include "forget/forgotten_texts.h"
#include "text/text_template.h"

namespace winnow {

/// Returns the users, and their addresses as NormalUser spells them, too.
std::vector<std::string> SpellingsOf(const std::vector<std::string>& users);
/// Returns true if the name is one of the users, or another spelling of the address of one. `users` has the spellings
/// of NormalUser.
bool IsAmong(const std::vector<std::string>& users, std::string_view name);

struct ForgetSubject {
  std::vector<std::string> texts, message_ids;
  std::vector<std::string> users;  ///< as SpellingsOf returns them
  std::string user_field;          ///< field of rows that names the user; empty: none does
  ForgottenTexts forgotten;        ///< `texts`

  bool OfUser(const Row& row) const;
  /// Returns true for rows of the users, and for those whose text is forgotten. A row of a mail is known by its subject
  /// and body, too.
  bool Goes(const Row& row) const;
};

/// A place that has texts of rows, such as a bundle, and which of them it must not have.
struct TextsOfPlace {
  std::filesystem::path path = {};
  std::optional<TextTemplate> text_template = {};  ///< by which rows were made into the texts of the place
  ForgottenTexts texts = {};                       ///< go in any case
  ForgottenTexts of_users = {};                    ///< go unless somebody else has contributed them

  /// Adds a text of a message to `to`, and what the template makes of it.
  void AddForms(const std::string& text, ForgottenTexts& to) const;
  /// Returns what the place has as the text of a row.
  std::string TextOf(const Row& row) const;
};

}  // namespace winnow
