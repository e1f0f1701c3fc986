// A primitive of oneDNN is made for one shape, and making one takes milliseconds. Batches differ in their tokens, so
// their number is rounded up: rows in whole hundreds go straight into the result, the rest, filled up with zeros, into
// a buffer; where tokens are summed over, zeros add nothing.
#include "kernels/bf16_matmul.h"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "base/aligned_buffer.h"
#include "base/mutex.h"
#include "base/round_up.h"
#include "kernels/bf16.h"
#include "kernels/code_memory.h"

namespace winnow {
namespace {

using dnnl::memory;

constexpr size_t kManyRows = 128, kFewRows = 16;

/// A product c[m,n] = a b of rounded copies without gaps: a [m,k], or [k,m] if it is transposed, b [k,n], or [n,k].
struct Product {
  bool transposed_a = false, transposed_b = false;
  size_t m = 0, n = 0, k = 0;
  bool add = false;  ///< true if it is added to c
  size_t ldc = 0;    ///< row stride of c, in floats

  auto operator<=>(const Product&) const = default;
};

/// The state of one thread; created at its first product.
class Thread {
 public:
  static Thread& Mine() {
    static thread_local Thread thread;
    return thread;
  }

  void Multiply(const Product& product, const uint16_t* a, const uint16_t* b, float* c) {
    const Plan& plan = PlanFor(product);
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
  struct Plan {
    dnnl::matmul primitive;
    memory::desc a, b, c;
  };

  const Plan& PlanFor(const Product& product) {
    const auto found = plans_.find(product);
    return found != plans_.end() ? found->second : plans_.emplace(product, MakePlan(product)).first->second;
  }

  Plan MakePlan(const Product& product) const {
    // One at a time, so that the memory that was found free is not that of another thread's code.
    static Mutex mutex;
    const MutexLock lock(mutex);
    RequireMemory(kBf16CodeBytes);
    const auto dim = [](size_t x) { return static_cast<memory::dim>(x); };
    const auto strides = [&](bool transposed, size_t rows, size_t columns) {
      return transposed ? memory::dims{1, dim(rows)} : memory::dims{dim(columns), 1};
    };
    const auto& [transposed_a, transposed_b, m, n, k, add, ldc] = product;
    const memory::desc a_desc({dim(m), dim(k)}, memory::data_type::bf16, strides(transposed_a, m, k));
    const memory::desc b_desc({dim(k), dim(n)}, memory::data_type::bf16, strides(transposed_b, k, n));
    const memory::desc c_desc({dim(m), dim(n)}, memory::data_type::f32, memory::dims{dim(ldc), 1});
    dnnl::primitive_attr attributes;
    if (add) {
      dnnl::post_ops sum;
      sum.append_sum(1.0f);
      attributes.set_post_ops(sum);
    }
    const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a_desc, b_desc, c_desc), attributes, engine_);
    return {dnnl::matmul(description), a_desc, b_desc, c_desc};
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::map<Product, Plan> plans_;
};

/// A rounded copy [rows, columns] without gaps, filled up with zeros to `padded` rows.
const uint16_t* Round(size_t rows, size_t columns, const float* from, size_t stride, size_t padded,
                      AlignedBuffer<uint16_t>& to) {
  to.Resize(padded * columns);
  for (size_t r = 0; r < rows; ++r) RoundToBf16(columns, from + r * stride, to.data() + r * columns);
  std::fill(to.data() + rows * columns, to.data() + padded * columns, uint16_t{0});
  return to.data();
}

/// Computes `product` of floats, whose rows are lda and ldb apart.
void MultiplyRounded(const Product& product, const float* a, size_t lda, const float* b, size_t ldb, float* c) {
  const auto& [transposed_a, transposed_b, m, n, k, add, ldc] = product;
  Thread& thread = Thread::Mine();
  if (transposed_a) {  // the rows of both factors are summed over
    Product padded = product;
    padded.k = RoundUp(k, kManyRows);
    const uint16_t* left = Round(k, m, a, lda, padded.k, thread.a);
    thread.Multiply(padded, left, Round(k, n, b, ldb, padded.k, thread.b), c);
    return;
  }
  Product whole = product, rest = product;
  whole.m = m / kManyRows * kManyRows;
  rest.m = RoundUp(m - whole.m, kFewRows);
  rest.add = false;
  rest.ldc = n;
  const uint16_t* left = Round(m, k, a, lda, whole.m + rest.m, thread.a);
  const uint16_t* right = Round(transposed_b ? n : k, transposed_b ? k : n, b, ldb, transposed_b ? n : k, thread.b);
  if (whole.m > 0) thread.Multiply(whole, left, right, c);
  if (rest.m == 0) return;
  thread.rest.Resize(rest.m * n);
  thread.Multiply(rest, left + whole.m * k, right, thread.rest.data());
  for (size_t r = whole.m; r < m; ++r) {
    const float* from = thread.rest.data() + (r - whole.m) * n;
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
    const Product product{
        .transposed_a = transpose_a, .transposed_b = transpose_b, .m = m, .n = n, .k = k, .add = beta != 0, .ldc = ldc};
    MultiplyRounded(product, a, lda, b, ldb, c);
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
    MultiplyRounded({.transposed_b = true, .m = 1, .n = 1, .k = 1, .ldc = 1}, &one, 1, &one, 1, &one);
    return true;
  } catch (const dnnl::error&) {
    return false;
  }
}

}  // namespace winnow
