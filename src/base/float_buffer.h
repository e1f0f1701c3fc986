/// A large array of floats for kernels: aligned to a cache line, not initialised unless asked, on huge pages where
/// there are.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>

namespace winnow {

class FloatBuffer {
 public:
  FloatBuffer() = default;
  explicit FloatBuffer(size_t size) { Resize(size); }

  /// Makes it exactly `size` floats of undefined contents; keeps the memory where it is large enough.
  void Resize(size_t size) {
    if (size > capacity_) {
      const size_t alignment = size * sizeof(float) >= kHugePage ? kHugePage : 64;
      const size_t bytes = (size * sizeof(float) + alignment - 1) / alignment * alignment;
      data_.reset(static_cast<float*>(std::aligned_alloc(alignment, bytes)));
      capacity_ = 0;
      if (data_ == nullptr) throw std::bad_alloc();
      if (alignment == kHugePage) ::madvise(data_.get(), bytes, MADV_HUGEPAGE);
      capacity_ = size;
    }
    size_ = size;
  }
  void Fill(float value) {
    for (float& x : span()) x = value;
  }
  void Zero() {
    if (size_ > 0) std::memset(data_.get(), 0, size_ * sizeof(float));
  }

  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  size_t size() const { return size_; }
  std::span<float> span() { return {data_.get(), size_}; }
  std::span<const float> span() const { return {data_.get(), size_}; }

 private:
  static constexpr size_t kHugePage = size_t{2} << 20;
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  std::unique_ptr<float[], Free> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace winnow
