#include "data/text_stream.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr size_t kReadBytes = size_t{1} << 16;

/// Real text shrinks five- to twentyfold. Past this size and ratio a gzip file is a bomb (DEFLATE's limit is 1032).
constexpr size_t kSuspectBytes = size_t{1} << 30;
constexpr size_t kSuspectRatio = 200;

}  // namespace

bool TextStream::gzip() const { return file_.gzip(); }

Result<size_t> TextStream::ReadRaw(char* bytes, size_t count) {
  const size_t got = TRY(file_.Read(bytes, count));
  raw_bytes_ += got;
  if (raw_bytes_ > kSuspectBytes && gzip()) {
    if (raw_bytes_ / std::max<size_t>(file_.packed_bytes(), 1) > kSuspectRatio) {
      return Fail(ErrorCode::kInvalidData,
                  name_ + ": unpacks to more than " + std::to_string(kSuspectRatio) + " times its size",
                  "such a ratio is suspicious; unpack the file with `gunzip` if you trust it");
    }
  }
  return got;
}

Result<TextStream> TextStream::Open(const std::filesystem::path& path, std::optional<Encoding> encoding) {
  TextStream stream(TRY(GzipReader::Open(path)));

  // The first piece decides on the encoding.
  std::string first(kReadBytes, '\0');
  const size_t size = TRY(stream.ReadRaw(first.data(), first.size()));
  stream.at_end_ = size < first.size();
  first.resize(size);
  const Sniffed sniffed = encoding ? Sniffed{*encoding, MarkBytes(first, *encoding), {}, {}} : SniffEncoding(first);
  if (!sniffed.problem.empty()) {
    return Fail(ErrorCode::kInvalidData, stream.name_ + ": " + sniffed.problem, sniffed.hint);
  }
  stream.decoder_ = Utf8Decoder(sniffed.encoding);
  stream.encoding_assumed_ = !encoding && sniffed.encoding == Encoding::kWindows1252;
  stream.decoder_.Append(std::string_view(first).substr(sniffed.mark_bytes), stream.at_end_, stream.text_);
  if (TrimAscii(stream.text_).empty() && stream.at_end_) {
    return Fail(ErrorCode::kInvalidData, stream.name_ + ": is empty",
                "expected texts: one per line, or rows in CSV, TSV, JSONL or fastText's __label__ form");
  }
  if (stream.decoder_.invalid_bytes() > 0) {
    const size_t at = stream.text_.find("\uFFFD");
    stream.first_invalid_line_ =
        1 +
        static_cast<size_t>(std::count(stream.text_.begin(), stream.text_.begin() + static_cast<ptrdiff_t>(at), '\n'));
  }
  stream.line_end_ = LineEndOf(stream.text_);
  return stream;
}

void TextStream::Consume(size_t bytes) {
  const auto begin = text_.begin() + static_cast<ptrdiff_t>(position_);
  line_ += static_cast<size_t>(std::count(begin, begin + static_cast<ptrdiff_t>(bytes), line_end_));
  position_ += bytes;
}

Result<bool> TextStream::Fill() {
  if (at_end_) return false;
  if (text_.size() - position_ > most_record_bytes_) {
    return Fail(ErrorCode::kInvalidData,
                name_ + ", line " + std::to_string(line_) + ": the row is larger than " +
                    std::to_string(most_record_bytes_ >> 20) + " MiB",
                "the file is damaged here, or a quote is never closed");
  }
  if (position_ > 0) {
    text_.erase(0, position_);
    position_ = 0;
  }
  std::vector<char> raw(kReadBytes);
  const size_t got = TRY(ReadRaw(raw.data(), raw.size()));
  at_end_ = got == 0;
  const size_t before = text_.size();
  const size_t invalid_before = decoder_.invalid_bytes();
  decoder_.Append({raw.data(), got}, at_end_, text_);
  if (invalid_before == 0 && decoder_.invalid_bytes() > 0) {
    const size_t at = std::min(text_.find("\uFFFD", before), text_.size());
    first_invalid_line_ =
        line_ + static_cast<size_t>(std::count(text_.begin(), text_.begin() + static_cast<ptrdiff_t>(at), line_end_));
  }
  return text_.size() > before || !at_end_;
}

Result<bool> TextStream::NextLine(std::string& line) {
  size_t searched = 0;
  for (;;) {
    const std::string_view text = buffered();
    const size_t end = text.find(line_end_, searched);
    if (end != std::string_view::npos) {
      line.assign(text.substr(0, end));
      Consume(end + 1);
      break;
    }
    searched = text.size();
    if (TRY(Fill())) continue;
    if (buffered().empty()) return false;
    line.assign(buffered());
    Consume(line.size());
    break;
  }
  if (line.ends_with('\r')) line.pop_back();
  if (line.starts_with(kUtf8Mark)) line.erase(0, kUtf8Mark.size());
  return true;
}

}  // namespace winnow
