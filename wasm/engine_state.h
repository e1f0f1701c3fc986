/// What the exported functions share.
#pragma once

#include <string>

#include "base/result.h"

#define WINNOW_EXPORT(name) __attribute__((export_name(#name)))

namespace winnow {

/// The message of the last failed call.
std::string& LastError();

/// Ends a load with its error, or none: its files are forgotten, its warnings and its error kept.
void EndLoad(const Error* error);

/// Returns whether something was loaded.
template <class T>
bool Finish(const Result<T>& loaded) {
  EndLoad(loaded ? nullptr : &loaded.error());
  return loaded.has_value();
}

}  // namespace winnow
