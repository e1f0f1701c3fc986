/// libcurl, loaded when the first request is made: with its dependencies it takes 6 MB and some milliseconds, which
/// commands without network access need not spend (docs/adr/011).
#pragma once

#include <curl/curl.h>

#include "base/result.h"

namespace winnow {

/// The functions of libcurl that Winnow calls, with curl's names without the prefix.
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

  /// Loads and initializes libcurl, once. Thread-safe. Errors: kNotFound if the system has no libcurl.
  static Result<const CurlLibrary*> Load();
};

}  // namespace winnow
