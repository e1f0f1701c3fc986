// A primitive of oneDNN is made for one shape, and making one takes milliseconds. Batches differ in their tokens, so
// their number is rounded up: rows in whole hundreds go straight into the result, the rest, filled up with zeros, into
// a buffer; where tokens are summed over, zeros add nothing.
#include "kernels/bf16_matmul.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <oneapi/dnnl/dnnl.hpp>
#include <tuple>
#include <unordered_map>

#include "base/aligned_buffer.h"
#include "base/mutex.h"
#include "kernels/bf16.h"
#include "kernels/code_memory.h"

namespace winnow {
namespace {

using dnnl::memory;

constexpr size_t kManyRows = 128, kFewRows = 16;

size_t RoundUp(size_t count, size_t unit) { return (count + unit - 1) / unit * unit; }

/// The state of one thread; created at its first product.
class Thread {
 public:
  static Thread& Mine() {
    static thread_local Thread thread;
    return thread;
  }

  /// c[m,n] (+)= a b of rounded copies, a [m,k] or transposed [k,m], b [k,n] or transposed [n,k].
  void Multiply(bool ta, bool tb, size_t m, size_t n, size_t k, const uint16_t* a, const uint16_t* b, bool add,
                float* c, size_t ldc) {
    const auto dim = [](size_t x) { return static_cast<memory::dim>(x); };
    const Key key{ta, tb, m, n, k, add, ldc};
    auto found = plans_.find(key);
    if (found == plans_.end()) {
      // One at a time, so that the memory that was found free is not that of another thread's code.
      static Mutex mutex;
      const MutexLock lock(mutex);
      RequireMemory(kBf16CodeBytes);
      const auto strides = [&](bool transposed, size_t rows, size_t columns) {
        return transposed ? memory::dims{1, dim(rows)} : memory::dims{dim(columns), 1};
      };
      const memory::desc a_desc({dim(m), dim(k)}, memory::data_type::bf16, strides(ta, m, k));
      const memory::desc b_desc({dim(k), dim(n)}, memory::data_type::bf16, strides(tb, k, n));
      const memory::desc c_desc({dim(m), dim(n)}, memory::data_type::f32, memory::dims{dim(ldc), 1});
      dnnl::primitive_attr attributes;
      if (add) {
        dnnl::post_ops sum;
        sum.append_sum(1.0f);
        attributes.set_post_ops(sum);
      }
      const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a_desc, b_desc, c_desc), attributes, engine_);
      found = plans_.emplace(key, Plan{dnnl::matmul(description), a_desc, b_desc, c_desc}).first;
    }
    const Plan& plan = found->second;
    const std::unordered_map<int, memory> arguments = {
        {DNNL_ARG_SRC, memory(plan.a, engine_, const_cast<uint16_t*>(a))},
        {DNNL_ARG_WEIGHTS, memory(plan.b, engine_, const_cast<uint16_t*>(b))},
        {DNNL_ARG_DST, memory(plan.c, engine_, c)}};
    plan.primitive.execute(stream_, arguments);
    stream_.wait();
  }

  AlignedBuffer<uint16_t> a, b;  // rounded copies
  FloatBuffer rest;              // rows that fill no plan

 private:
  using Key = std::tuple<bool, bool, size_t, size_t, size_t, bool, size_t>;
  struct Plan {
    dnnl::matmul primitive;
    memory::desc a, b, c;
  };
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::map<Key, Plan> plans_;
};

/// A rounded copy [rows, columns] without gaps, filled up with zeros to `padded` rows.
const uint16_t* Round(size_t rows, size_t columns, const float* from, size_t stride, size_t padded,
                      AlignedBuffer<uint16_t>& to) {
  to.Resize(padded * columns);
  for (size_t r = 0; r < rows; ++r) RoundToBf16(columns, from + r * stride, to.data() + r * columns);
  std::fill(to.data() + rows * columns, to.data() + padded * columns, uint16_t{0});
  return to.data();
}

void MultiplyRounded(bool ta, bool tb, size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b,
                     size_t ldb, bool add, float* c, size_t ldc) {
  Thread& thread = Thread::Mine();
  if (ta) {  // the rows of both factors are summed over
    const size_t padded = RoundUp(k, kManyRows);
    const uint16_t* left = Round(k, m, a, lda, padded, thread.a);
    thread.Multiply(true, tb, m, n, padded, left, Round(k, n, b, ldb, padded, thread.b), add, c, ldc);
    return;
  }
  const size_t many = m / kManyRows * kManyRows;
  const size_t few = RoundUp(m - many, kFewRows);
  const uint16_t* left = Round(m, k, a, lda, many + few, thread.a);
  const uint16_t* right = Round(tb ? n : k, tb ? k : n, b, ldb, tb ? n : k, thread.b);
  if (many > 0) thread.Multiply(false, tb, many, n, k, left, right, add, c, ldc);
  if (few == 0) return;
  thread.rest.Resize(few * n);
  thread.Multiply(false, tb, few, n, k, left + many * k, right, false, thread.rest.data(), n);
  for (size_t r = many; r < m; ++r) {
    const float* from = thread.rest.data() + (r - many) * n;
    float* to = c + r * ldc;
    if (add) {
      for (size_t i = 0; i < n; ++i) to[i] += from[i];
    } else {
      std::copy_n(from, n, to);
    }
  }
}

}  // namespace

void Bf16MatMul(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float* a, size_t lda,
                const float* b, size_t ldb, float beta, float* c, size_t ldc) {
  try {
    MultiplyRounded(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, beta != 0, c, ldc);
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory) throw std::bad_alloc();
    // A shape that oneDNN doesn't know: a defect, not an input.
    std::fprintf(stderr, "oneDNN bf16 matmul failed (%s) for %zu x %zu x %zu\n", error.what(), m, n, k);
    std::abort();
  }
}

bool HasBf16MatMul() {
  try {
    float one = 1;
    MultiplyRounded(false, true, 1, 1, 1, &one, 1, &one, 1, false, &one, 1);
    return true;
  } catch (const dnnl::error&) {
    return false;
  }
}

}  // namespace winnow
