#include "data/text_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr size_t kPiece = size_t{1} << 16;

/// Real text shrinks five- to twentyfold. Past this size and ratio a gzip file is a bomb (DEFLATE's limit is 1032).
constexpr size_t kSuspectBytes = size_t{1} << 30;
constexpr size_t kSuspectRatio = 200;

gzFile Handle(void* file) { return static_cast<gzFile>(file); }

}  // namespace

void TextStream::Closer::operator()(void* file) const { gzclose_r(Handle(file)); }

bool TextStream::gzip() const { return gzdirect(Handle(file_.get())) == 0; }

Result<size_t> TextStream::ReadRaw(char* bytes, size_t count) {
  const int got = gzread(Handle(file_.get()), bytes, static_cast<unsigned>(count));
  int code = Z_OK;
  const char* reason = gzerror(Handle(file_.get()), &code);
  // Z_BUF_ERROR tells of a gzip stream that ends in the middle, with whatever could still be unpacked.
  if (got < 0 || code == Z_BUF_ERROR) {
    if (code == Z_ERRNO) return Fail(ErrorCode::kIo, name_ + ": cannot read: " + std::strerror(errno));
    return Fail(ErrorCode::kInvalidData, name_ + ": damaged or incomplete gzip data: " + reason,
                "download or compress the file again; `gzip -t` checks it");
  }
  raw_bytes_ += static_cast<size_t>(got);
  if (raw_bytes_ > kSuspectBytes && gzip()) {
    const auto packed = static_cast<size_t>(std::max<z_off_t>(gzoffset(Handle(file_.get())), 1));
    if (raw_bytes_ / packed > kSuspectRatio) {
      return Fail(ErrorCode::kInvalidData,
                  name_ + ": unpacks to more than " + std::to_string(kSuspectRatio) + " times its size",
                  "such a ratio is suspicious; unpack the file with `gunzip` if you trust it");
    }
  }
  return static_cast<size_t>(got);
}

Result<TextStream> TextStream::Open(const std::filesystem::path& path, std::optional<Encoding> encoding) {
  TextStream stream;
  const bool standard_input = path == "-";
  stream.name_ = standard_input ? "standard input" : path.string();
  const int fd = standard_input ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const int number = errno;
    return Fail(number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                stream.name_ + ": cannot open: " + std::strerror(number),
                number == ENOENT ? "check the path; it is relative to the current directory" : "check its permissions");
  }
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
    ::close(fd);
    return Fail(ErrorCode::kInvalidData, stream.name_ + ": is a directory", "specify the data files in it");
  }
  stream.file_.reset(gzdopen(fd, "rb"));
  if (stream.file_ == nullptr) {
    ::close(fd);
    return Fail(ErrorCode::kIo, stream.name_ + ": cannot open: out of memory");
  }
  gzbuffer(Handle(stream.file_.get()), static_cast<unsigned>(kPiece));

  // The first piece decides on the encoding. A pipe may give it in crumbs, so read until it is full or at the end.
  std::string first(kPiece, '\0');
  size_t size = 0;
  while (size < first.size()) {
    const size_t got = TRY(stream.ReadRaw(first.data() + size, first.size() - size));
    if (got == 0) break;
    size += got;
  }
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
  if (stream.text_.find('\n') == std::string::npos && stream.text_.find('\r') != std::string::npos) {
    stream.line_end_ = '\r';
  }
  return stream;
}

void TextStream::Consume(size_t bytes) {
  const auto begin = text_.begin() + static_cast<ptrdiff_t>(position_);
  line_ += static_cast<size_t>(std::count(begin, begin + static_cast<ptrdiff_t>(bytes), line_end_));
  position_ += bytes;
}

Result<bool> TextStream::Fill() {
  if (at_end_) return false;
  if (text_.size() - position_ > kMaxRecordBytes) {
    return Fail(ErrorCode::kInvalidData,
                name_ + ", line " + std::to_string(line_) + ": the row is larger than " +
                    std::to_string(kMaxRecordBytes >> 20) + " MiB",
                "the file is damaged here, or a quote is never closed");
  }
  if (position_ > 0) {
    text_.erase(0, position_);
    position_ = 0;
  }
  std::vector<char> raw(kPiece);
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
