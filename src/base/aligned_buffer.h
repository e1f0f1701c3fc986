/// A large array of numbers for kernels: aligned to a cache line, not initialized unless requested, on huge pages where
/// available.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

namespace winnow {

template <class T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size) { Resize(size); }

  /// Sets the size to exactly `size` elements, whose contents are undefined; keeps the memory if it is large enough.
  void Resize(size_t size) {
    if (size > capacity_) {
      const size_t alignment = size * sizeof(T) >= kHugePage ? kHugePage : 64;
      const size_t bytes = (size * sizeof(T) + 63) / 64 * 64;
      void* memory = nullptr;
      data_.reset();
      capacity_ = 0;
      if (::posix_memalign(&memory, alignment, bytes) != 0) throw std::bad_alloc();
      data_.reset(static_cast<T*>(memory));
      // Whole huge pages alone: one for the rest would take memory that nobody asked for.
      if (alignment == kHugePage) ::madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
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
  static constexpr size_t kHugePage = size_t{2} << 20;
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T[], Free> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

using FloatBuffer = AlignedBuffer<float>;

}  // namespace winnow
