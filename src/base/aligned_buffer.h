/// A large array of numbers for kernels: aligned to a cache line, not initialized unless requested, on huge pages where
/// available.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>

namespace winnow {

/// Returns memory of at least `bytes`, aligned to a cache line, or to a huge page if it fills one; std::free frees it.
/// Throws std::bad_alloc.
void* AllocateAligned(size_t bytes);

template <class T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size) { Resize(size); }

  /// Sets the size to exactly `size` elements, whose contents are undefined; keeps the memory if it is large enough.
  void Resize(size_t size) {
    if (size > capacity_) {
      data_.reset();
      capacity_ = 0;
      data_.reset(static_cast<T*>(AllocateAligned(size * sizeof(T))));
      capacity_ = size;
    }
    size_ = size;
  }
  void Fill(T value) {
    for (T& x : span()) x = value;
  }
  void Zero() {
    if (size_ > 0) std::memset(data_.get(), 0, size_ * sizeof(T));
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }
  std::span<T> span() { return {data_.get(), size_}; }
  std::span<const T> span() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T[], Free> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

using FloatBuffer = AlignedBuffer<float>;

}  // namespace winnow
