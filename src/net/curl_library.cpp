#include "net/curl_library.h"

#include <dlfcn.h>

namespace winnow {
namespace {

constexpr char kFile[] = "libcurl.so.4";

Result<CurlLibrary> Open() {
  void* library = ::dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Fail(ErrorCode::kNotFound, std::string("network access requires libcurl: ") + ::dlerror(),
                "install it (Debian: apt-get install libcurl4)");
  }
  std::string missing;
  const auto find = [&]<class Function>(const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(::dlsym(library, name));
    if (function == nullptr) missing = name;
  };
  CurlLibrary curl{};
  CURLcode (*global_init)(long) = nullptr;
  find("curl_global_init", global_init);
  find("curl_easy_init", curl.easy_init);
  find("curl_easy_cleanup", curl.easy_cleanup);
  find("curl_easy_reset", curl.easy_reset);
  find("curl_easy_perform", curl.easy_perform);
  find("curl_easy_strerror", curl.easy_strerror);
  find("curl_easy_setopt", curl.easy_setopt);
  find("curl_easy_getinfo", curl.easy_getinfo);
  find("curl_slist_append", curl.slist_append);
  find("curl_slist_free_all", curl.slist_free_all);
  if (!missing.empty())
    return Fail(ErrorCode::kNotFound, std::string(kFile) + " lacks the function " + missing, "install a newer libcurl");
  if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return Fail(ErrorCode::kInternal, "libcurl cannot be started");
  return curl;
}

}  // namespace

Result<const CurlLibrary*> CurlLibrary::Load() {
  static const Result<CurlLibrary> library = Open();
  if (!library) return std::unexpected(library.error());
  return &*library;
}

}  // namespace winnow
