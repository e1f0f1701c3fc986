#include "linear/linear_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

#include "base/files.h"
#include "kernels/vector_ops.h"
#include "linear/feature_block.h"

namespace winnow {
namespace {

// Numbers are copied and mapped as they lie in the file.
static_assert(std::endian::native == std::endian::little);

constexpr char kMagic[] = {'W', 'N', 'L', 'I', 'N', 'E', 'A', 'R'};
constexpr uint32_t kVersion = 1;
constexpr size_t kHeader = 128;
constexpr size_t kAlignment = 64;
constexpr size_t kMostShared = 15;  // bytes of a name that is written in short; bounds what a file can unfold to
constexpr size_t kLongName = 15;
enum Flags : uint8_t {
  kSublinear = 1,
  kLowercase = 2,
  kPlatt = 4,
  kAsciiWords = 8,
  kShortWords = 16,
  kAnyLength = 32,
  kAllFlags = 63
};

struct Header {
  char magic[8] = {};
  uint32_t version = kVersion;
  uint8_t analyzer = 0, kind = 0, multi_label = 0, flags = 0;
  int32_t min_ngram = 0, max_ngram = 0, min_char_ngram = 0, max_char_ngram = 0;
  int64_t max_features = 0;
  uint64_t labels = 0, outputs = 0, features = 0, word_features = 0, vocabulary_bytes = 0;
  uint8_t zeros[48] = {};
};
static_assert(sizeof(Header) == kHeader);

constexpr size_t Padded(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

std::unexpected<Error> Wrong(std::string_view where, const std::string& what) {
  return Fail(ErrorCode::kInvalidModel, std::string(where) + ": " + what,
              "the file is damaged: train the model again, or download it again");
}

std::string PackNames(const Vectorizer& vectorizer) {
  std::string out;
  std::string_view last;
  for (size_t i = 0; i < vectorizer.features(); ++i) {
    const std::string_view name = vectorizer.name(i);
    size_t shared = 0;
    while (shared < std::min({name.size(), last.size(), kMostShared}) && name[shared] == last[shared]) ++shared;
    size_t rest = name.size() - shared;
    out += static_cast<char>(shared << 4 | std::min(rest, kLongName));
    if (rest >= kLongName) {
      for (rest -= kLongName; rest >= 128; rest /= 128) out += static_cast<char>(rest % 128 | 128);
      out += static_cast<char>(rest);
    }
    out += name.substr(shared);
    last = name;
  }
  return out;
}

Result<StringPool> UnpackNames(std::string_view bytes, size_t count, std::string_view where) {
  StringPool names;
  names.Reserve(count, bytes.size() * 2);
  size_t last = 0, at = 0;  // the last name's length; the next byte
  for (size_t i = 0; i < count; ++i) {
    if (at == bytes.size()) return Wrong(where, "its vocabulary ends after " + std::to_string(i) + " features");
    const auto code = static_cast<unsigned char>(bytes[at++]);
    const size_t shared = code >> 4;
    size_t rest = code & 15u;
    if (rest == kLongName) {
      for (unsigned shift = 0;; shift += 7) {
        if (at == bytes.size() || shift > 35) return Wrong(where, "feature " + std::to_string(i) + " has no length");
        const auto digit = static_cast<unsigned char>(bytes[at++]);
        rest += size_t{digit & 127u} << shift;
        if (digit < 128) break;
      }
    }
    if (shared > last || rest > bytes.size() - at) {
      return Wrong(where, "feature " + std::to_string(i) + " is longer than the rest of the file");
    }
    names.AddAfterLast(shared, bytes.substr(at, rest));
    at += rest;
    last = shared + rest;
  }
  if (at != bytes.size()) return Wrong(where, "its vocabulary continues after the last feature");
  return names;
}

template <class T>
std::vector<T> Copy(std::span<const std::byte> bytes, size_t& at, size_t count) {
  std::vector<T> values(count);
  if (count > 0) std::memcpy(values.data(), bytes.data() + at, count * sizeof(T));
  at += count * sizeof(T);
  return values;
}

bool Finite(std::span<const float> values) { return AllFinite(values.size(), values.data()); }

}  // namespace

Result<void> CheckLinearContents(const LinearContents& contents, std::string_view where) {
  const size_t features = contents.vectorizer.features(), outputs = contents.outputs;
  if (contents.labels == 0 || outputs != OutputsOf(contents.labels, contents.multi_label)) {
    return Wrong(where, "the model has " + std::to_string(outputs) + " outputs, which does not match " +
                            std::to_string(contents.labels) + " labels");
  }
  if (contents.weights.size() / outputs != features || contents.weights.size() % outputs != 0 ||
      contents.bias.size() != outputs || (!contents.platt.empty() && contents.platt.size() != outputs)) {
    return Wrong(where, "the model has " + std::to_string(contents.weights.size()) + " weights, " +
                            std::to_string(contents.bias.size()) + " biases and " +
                            std::to_string(contents.platt.size()) + " Platt scales, which does not match " +
                            std::to_string(features) + " features and " + std::to_string(outputs) + " outputs");
  }
  bool finite = Finite(contents.weights) && Finite(contents.bias);
  for (const PlattScale& scale : contents.platt) finite = finite && Finite({{scale.a, scale.b}});
  if (!finite) return Wrong(where, "a weight is NaN or infinite");
  return {};
}

namespace {

/// Reads the header and checks what does not depend on the rest of the file.
Result<Header> ReadHeader(std::span<const std::byte> bytes, std::string_view where) {
  Header header;
  if (bytes.size() < kHeader) return Wrong(where, "the file ends within its header");
  std::memcpy(&header, bytes.data(), kHeader);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) return Wrong(where, "it is not a linear model");
  if (header.version != kVersion) {
    return Fail(ErrorCode::kUnsupported,
                std::string(where) + ": version " + std::to_string(header.version) +
                    " of the linear model format is not supported",
                "this Winnow reads version " + std::to_string(kVersion));
  }
  const auto is_zero = [](uint8_t byte) { return byte == 0; };
  if (header.analyzer > static_cast<uint8_t>(Analyzer::kBoth) || header.kind > static_cast<uint8_t>(LinearKind::kSvm) ||
      header.multi_label > 1 || header.flags > kAllFlags ||
      !std::all_of(std::begin(header.zeros), std::end(header.zeros), is_zero)) {
    return Wrong(where, "its header contains an unknown option");
  }
  return header;
}

FeatureOptions OptionsOf(const Header& header) {
  FeatureOptions options;
  options.analyzer = static_cast<Analyzer>(header.analyzer);
  options.min_ngram = header.min_ngram;
  options.max_ngram = header.max_ngram;
  options.min_char_ngram = header.min_char_ngram;
  options.max_char_ngram = header.max_char_ngram;
  options.max_features = header.max_features;
  options.sublinear = (header.flags & kSublinear) != 0;
  options.lowercase = (header.flags & kLowercase) != 0;
  if ((header.flags & kAsciiWords) != 0) options.word_characters = WordCharacters::kAscii;
  options.shortest_word = (header.flags & kShortWords) != 0 ? 1 : 2;
  options.normalize = (header.flags & kAnyLength) == 0;
  return options;
}

}  // namespace

Result<LinearContents> ParseLinearFile(std::span<const std::byte> bytes, std::string_view where) {
  const Header header = TRY(ReadHeader(bytes, where));
  // No product below can overflow: each number is checked against the file's size before it is multiplied.
  const size_t floats = (bytes.size() - kHeader) / sizeof(float);
  const size_t features = header.features, outputs = header.outputs, labels = header.labels;
  if (outputs == 0 || outputs > floats || features > floats / outputs || features > INT32_MAX || labels > floats + 1) {
    return Wrong(where, "the file has " + std::to_string(bytes.size()) + " bytes, which does not match the " +
                            std::to_string(features) + " features, " + std::to_string(outputs) + " outputs and " +
                            std::to_string(labels) + " labels of its header");
  }
  const bool has_platt = (header.flags & kPlatt) != 0;
  const size_t idf_begin = kHeader + Padded(features * outputs * sizeof(float));
  const size_t vocabulary_begin = idf_begin + (features + outputs * (has_platt ? 3 : 1)) * sizeof(float);
  if (vocabulary_begin > bytes.size() || bytes.size() - vocabulary_begin != header.vocabulary_bytes) {
    return Wrong(where, "the file has " + std::to_string(bytes.size()) + " bytes, but its header specifies " +
                            std::to_string(vocabulary_begin) + " bytes and a vocabulary of " +
                            std::to_string(header.vocabulary_bytes) + " bytes");
  }
  const std::byte* weights = bytes.data() + kHeader;
  if (reinterpret_cast<uintptr_t>(weights) % alignof(float) != 0) {
    return Fail(ErrorCode::kInternal, "internal error: " + std::string(where) + ": read into unaligned memory");
  }
  size_t at = idf_begin;
  std::vector<float> idf = Copy<float>(bytes, at, features);
  std::vector<float> bias = Copy<float>(bytes, at, outputs);
  std::vector<PlattScale> platt = Copy<PlattScale>(bytes, at, has_platt ? outputs : 0);
  const std::string_view vocabulary(reinterpret_cast<const char*>(bytes.data()) + at, header.vocabulary_bytes);
  auto vectorizer = Vectorizer::FromPool(OptionsOf(header), TRY(UnpackNames(vocabulary, features, where)),
                                         header.word_features, std::move(idf));
  if (!vectorizer) return Wrong(where, vectorizer.error().message);
  LinearContents contents{*std::move(vectorizer),
                          static_cast<LinearKind>(header.kind),
                          labels,
                          outputs,
                          header.multi_label == 1,
                          {reinterpret_cast<const float*>(weights), features * outputs},
                          std::move(bias),
                          std::move(platt)};
  TRY(CheckLinearContents(contents, where));
  return contents;
}

Result<void> WriteLinearFile(const std::filesystem::path& path, const LinearContents& contents) {
  const FeatureOptions& options = contents.vectorizer.options();
  const std::string vocabulary = PackNames(contents.vectorizer);
  Header header;
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.analyzer = static_cast<uint8_t>(options.analyzer);
  header.kind = static_cast<uint8_t>(contents.kind);
  header.multi_label = contents.multi_label ? 1 : 0;
  header.flags = static_cast<uint8_t>(
      (options.sublinear ? kSublinear : 0) | (options.lowercase ? kLowercase : 0) |
      (contents.platt.empty() ? 0 : kPlatt) | (options.word_characters == WordCharacters::kAscii ? kAsciiWords : 0) |
      (options.shortest_word == 1 ? kShortWords : 0) | (options.normalize ? 0 : kAnyLength));
  header.min_ngram = options.min_ngram;
  header.max_ngram = options.max_ngram;
  header.min_char_ngram = options.min_char_ngram;
  header.max_char_ngram = options.max_char_ngram;
  header.max_features = options.max_features;
  header.labels = contents.labels;
  header.outputs = contents.outputs;
  header.features = contents.vectorizer.features();
  header.word_features = contents.vectorizer.word_features();
  header.vocabulary_bytes = vocabulary.size();
  const std::byte zeros[kAlignment] = {};
  const size_t padding = Padded(contents.weights.size_bytes()) - contents.weights.size_bytes();
  return WriteFileAtomically(path, [&](const FileSink& sink) -> Result<void> {
    TRY(sink(std::as_bytes(std::span(&header, 1))));
    TRY(sink(std::as_bytes(contents.weights)));
    TRY(sink(std::span(zeros).first(padding)));
    TRY(sink(std::as_bytes(contents.vectorizer.idf())));
    TRY(sink(std::as_bytes(std::span(contents.bias))));
    TRY(sink(std::as_bytes(std::span(contents.platt))));
    return sink(std::as_bytes(std::span(vocabulary)));
  });
}

}  // namespace winnow
