/// std::variant, for alternatives whose copies can fail.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

namespace winnow {

/// A std::variant that can be copied when memory is short. Where a copy of a std::variant of strings, vectors and
/// numbers alone throws, libstdc++ 12 destroys a value that was never there (its bug 112591), because moves of these
/// types cannot fail. This copies the value before it is put into the variant.
template <typename... Types>
class Variant : public std::variant<Types...> {
  using Base = std::variant<Types...>;
  static_assert(std::is_nothrow_default_constructible_v<Base> && (std::is_nothrow_move_constructible_v<Types> && ...));

 public:
  using Base::Base;
  Variant() = default;
  Variant(const Variant& other) : Base() {
    std::visit(
        [this](const auto& value) {
          auto copy = value;
          this->template emplace<std::remove_cvref_t<decltype(value)>>(std::move(copy));
        },
        static_cast<const Base&>(other));
  }
  Variant(Variant&&) = default;
  Variant& operator=(const Variant&) = default;
  Variant& operator=(Variant&&) = default;
  ~Variant() = default;
};

}  // namespace winnow
