/// The messages that `winnow filter` reads: from mail, JSON lines, files of texts, standard input and the command line.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "filter/message.h"

namespace winnow {

/// A message and where it is from.
struct FilterInput {
  FilterMessage message;
  std::string file = {};  ///< empty: the command line
  size_t number = 0;      ///< line of the file, or number of the message in it, from 1; 0 on the command line
};

/// Passes the messages of `inputs` to `take`, in order; standard input without any. An input is a file or directory if
/// there is one with that name: mail (.eml, mbox, Maildir), JSON lines of objects with "text" or "subject" and "body",
/// or any other file of texts that `winnow classify` reads. "-" is standard input: mail, JSON lines or one text per
/// line. Any other input is a text itself. Errors: kNotFound for what looks like the name of a file; kIo, kInvalidData;
/// the first error of `take`.
Result<void> ForEachFilterInput(const std::vector<std::string>& inputs,
                                const std::function<Result<void>(FilterInput)>& take);

}  // namespace winnow
