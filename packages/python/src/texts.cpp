#include "texts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "errors.h"

namespace winnow::python {
namespace {

std::string TypeName(nb::handle item) { return nb::type_name(item.type()).c_str(); }

/// None, NaN, pandas.NA and NaT: the values that are missing to pandas, too.
bool IsMissing(nb::handle item) {
  if (item.is_none()) return true;
  if (::PyFloat_Check(item.ptr())) return std::isnan(::PyFloat_AsDouble(item.ptr()));
  const std::string type = TypeName(item);
  return type.ends_with("NAType") || type.ends_with("NaTType");
}

/// Makes U+FFFD of each surrogate, as JavaScript's encoders do. Both take three bytes, and those of a surrogate, ED A0
/// to ED BF, stand for nothing else in UTF-8.
std::string WithoutSurrogates(std::string text) {
  for (size_t at = 0; (at = text.find('\xED', at)) != std::string::npos; at += 3) {
    if (static_cast<unsigned char>(text[at + 1]) >= 0xA0) text.replace(at, 3, "\uFFFD");
  }
  return text;
}

}  // namespace

Texts::Texts(nb::handle source, Missing missing) {
  if (ArrowTexts::IsArrow(source)) {
    arrow_.Read(source, [&](const std::string_view* text) {
      if (text == nullptr) missing_rows_.push_back(views_.size());
      views_.push_back(text == nullptr ? std::string_view() : *text);
    });
  } else {
    AddSequence(source, missing);
  }
  if (missing == Missing::kRefused && !missing_rows_.empty()) RefuseMissing();
}

void Texts::AddSequence(nb::handle source, Missing missing) {
  // A tuple of its own: nobody can take strings out of it while they are read without the interpreter lock.
  sequence_ = nb::steal(::PySequence_Tuple(source.ptr()));
  if (!sequence_.is_valid()) throw nb::python_error();
  const auto tuple = nb::borrow<nb::tuple>(sequence_);
  views_.reserve(tuple.size());
  for (const nb::handle item : tuple) {
    if (::PyUnicode_Check(item.ptr())) {
      AddStr(item);
    } else if (IsMissing(item)) {
      missing_rows_.push_back(views_.size());
      views_.emplace_back();
    } else {
      const std::string hint = missing == Missing::kEmpty ? "convert the column with astype(str)"
                                                          : "pass texts as str; bytes are decoded with .decode()";
      Raise({ErrorCode::kInvalidData, fmt::format("row {} is not a text but of type {}", views_.size(), TypeName(item)),
             hint});
    }
  }
}

void Texts::AddStr(nb::handle text) {
  Py_ssize_t size = 0;
  if (const char* const data = ::PyUnicode_AsUTF8AndSize(text.ptr(), &size); data != nullptr) {
    views_.emplace_back(data, static_cast<size_t>(size));
    return;
  }
  ::PyErr_Clear();
  const nb::object bytes = nb::steal(::PyUnicode_AsEncodedString(text.ptr(), "utf-8", "surrogatepass"));
  if (!bytes.is_valid()) throw nb::python_error();
  views_.push_back(copies_.emplace_back(WithoutSurrogates(
      std::string(::PyBytes_AsString(bytes.ptr()), static_cast<size_t>(::PyBytes_Size(bytes.ptr()))))));
}

void Texts::RefuseMissing() const {
  constexpr size_t kShown = 5;
  const size_t count = missing_rows_.size();
  const std::vector<size_t> shown(missing_rows_.begin(),
                                  missing_rows_.begin() + static_cast<std::ptrdiff_t>(std::min(count, kShown)));
  Raise({ErrorCode::kInvalidData,
         fmt::format("{} {} ha{} no text (None or NaN){}", count == 1 ? "row" : "rows", fmt::join(shown, ", "),
                     count == 1 ? "s" : "ve", count > kShown ? fmt::format(", and {} more rows", count - kShown) : ""),
         "drop such rows (dropna) or fill them (fillna('')) first; rows are counted from 0"});
}

}  // namespace winnow::python
