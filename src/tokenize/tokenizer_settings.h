/// What the files beside a vocabulary say about a tokenizer: tokenizer_config.json, special_tokens_map.json,
/// added_tokens.json and config.json, put together as Hugging Face's transformers does
/// (tokenization_utils_base.py, _from_pretrained).
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "tokenize/piece_model.h"

namespace winnow {

struct TokenizerSettings {
  /// tokenizer_config.json; without added_tokens_decoder, the members of special_tokens_map.json replace its own.
  Json config = Json::object();
  /// Tokens of added_tokens_decoder, otherwise of added_tokens.json, by their ids.
  std::vector<AddedToken> added;
  /// The class that transformers loads: tokenizer_class without "Fast", otherwise config.json's tokenizer_class or
  /// model_type; empty if none is given.
  std::string family;

  /// Reads the files of a directory, all of which may be missing. Errors: kInvalidModel, also for flags that are
  /// neither true nor false.
  static Result<TokenizerSettings> Read(const std::filesystem::path& dir);

  /// Returns true if transformers loads BERT's tokenizer, or one that differs in its special tokens alone.
  bool IsBert() const;
  bool IsMpnet() const;
  bool IsRoberta() const;

  /// Errors: kUnsupported if the tokenizer of a vocab.txt is not BERT's: for another class, and for code of the model's
  /// own. `where` is the file.
  Result<void> CheckClass(const std::string& where) const;

  /// Returns a special token, which is a string or an object with its content.
  std::string Special(const char* key, const char* otherwise) const;

  /// Adds the tokens of these files to those of `frame`, or changes the flags of those that it has.
  void AddTo(TokenFrame& frame) const;
  /// Changes the parts of a tokenizer.json that transformers sets by these files when it loads one. Errors:
  /// kUnsupported, by name, for keys that contradict the tokenizer.json in a way that its versions treat differently.
  Result<void> ChangeParts(Json& tokenizer, const std::string& where) const;
};

/// Gives each token the id that Hugging Face's tokenizers give it: the piece's if it is one, otherwise the next free
/// one. Logs a warning if that is not the id that the files state.
void AssignIds(std::vector<AddedToken>& added, const PieceModel& model, const std::string& where);

}  // namespace winnow
