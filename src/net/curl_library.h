/// libcurl, loaded when the first request is made: with all that it needs it takes 6 MB and some milliseconds, which
/// commands that stay on this machine need not pay (docs/adr/011).
#pragma once

#include <curl/curl.h>

#include "base/result.h"

namespace winnow {

/// The functions that we call, under curl's own names without the prefix.
struct CurlLibrary {
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_reset) easy_reset;
  decltype(&::curl_easy_perform) easy_perform;
  decltype(&::curl_easy_strerror) easy_strerror;
  // As macros these two would stand in our way.
  CURLcode (*easy_setopt)(CURL*, CURLoption, ...);
  CURLcode (*easy_getinfo)(CURL*, CURLINFO, ...);
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;

  /// Loads and initialises it, once. Thread-safe. Errors: kNotFound where the system has no libcurl.
  static Result<const CurlLibrary*> Load();
};

}  // namespace winnow
