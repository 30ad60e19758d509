#include "record/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <memory>
#include <utility>

#include "record/json_read.h"
#include "record/json_write.h"

namespace closewait {
namespace {

namespace errc = boost::system::errc;

// Longer than any line the rig writes; a file that is no record may be one line of gigabytes.
constexpr std::size_t kLongestLine = std::size_t{16} << 20;

template <class T>
Result<Line> read_line(const nlohmann::json& object) {
  T line;
  if (!read_object(object, line)) return errc::make_error_code(errc::illegal_byte_sequence);
  if constexpr (std::is_same_v<T, HeaderLine>) {
    if (line.schema != kRecordSchema) return errc::make_error_code(errc::not_supported);
  }
  return Line(std::move(line));
}

struct LineType {
  std::string_view name;
  Result<Line> (*read)(const nlohmann::json& object);
};

// In the order of the alternatives of Line.
constexpr std::array<LineType, std::variant_size_v<Line>> kLineTypes{
    LineType{"header", read_line<HeaderLine>}, LineType{"phase", read_line<PhaseLine>},
    LineType{"second", read_line<SecondLine>}, LineType{"host_fault", read_line<HostFaultLine>},
    LineType{"census", read_line<CensusLine>}, LineType{"finding", read_line<FindingLine>},
    LineType{"end", read_line<EndLine>}};

// The next line without its newline, in `buffer`; nothing at the end or when it is too long.
std::optional<std::string_view> next_line(std::istream& in, char* buffer) {
  in.getline(buffer, static_cast<std::streamsize>(kLongestLine));
  if (in.fail()) return {};
  const auto taken = static_cast<std::size_t>(in.gcount());
  return std::string_view(buffer, in.eof() ? taken : taken - 1);
}

}  // namespace

std::string to_json_text(const Line& line) {
  JsonWriter fields(Zeros::kOmit);
  fields("type", std::string(kLineTypes[line.index()].name));
  std::visit([&fields](const auto& each) { each_field(fields, each); }, line);
  // What the target wrote or is called need not be UTF-8; the record always is.
  return std::move(fields).take().dump(-1, ' ', false,
                                       nlohmann::ordered_json::error_handler_t::replace);
}

Result<Line> parse_line(std::string_view text) {
  const auto object = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return errc::make_error_code(errc::illegal_byte_sequence);
  const auto type = object.find("type");
  if (type == object.end() || !type->is_string()) {
    return errc::make_error_code(errc::illegal_byte_sequence);
  }
  const auto known =
      std::ranges::find(kLineTypes, type->get_ref<const std::string&>(), &LineType::name);
  if (known == kLineTypes.end()) return errc::make_error_code(errc::not_supported);
  return known->read(object);
}

JournalWriter::JournalWriter(const std::filesystem::path& path)
    : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644)) {
  if (!fd_) throw SetupError(path.string() + ": " + describe(last_error()));
}

error_code JournalWriter::append(const Line& line) {
  const std::string text = to_json_text(line) + '\n';
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = ::write(fd_.get(), text.data() + written, text.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return take_back(last_error());
    written += static_cast<std::size_t>(n);
  }
  size_ += static_cast<std::int64_t>(written);
  return {};
}

error_code JournalWriter::take_back(error_code because) {
  // Half a line would hide every later one from read_run(). Should this fail as well, the record
  // ends here, which read_run() says.
  while (::ftruncate(fd_.get(), size_) != 0 && errno == EINTR) {
  }
  return because;
}

Result<ReadRun> read_run(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return errno != 0 ? last_error() : errc::make_error_code(errc::io_error);
  const auto buffer = std::make_unique_for_overwrite<char[]>(kLongestLine);
  const auto first = next_line(in, buffer.get());
  if (!first) return errc::make_error_code(errc::no_message_available);
  const auto header = parse_line(*first);
  if (!header) return header.error();
  if (!std::holds_alternative<HeaderLine>(*header)) {
    return errc::make_error_code(errc::illegal_byte_sequence);
  }
  ReadRun read;
  read.run.add(*header);
  while (in.peek() != std::ifstream::traits_type::eof()) {
    const auto text = next_line(in, buffer.get());
    const auto line = text ? parse_line(*text) : errc::make_error_code(errc::message_size);
    if (!line) {
      read.truncated = true;
      break;
    }
    read.run.add(*line);
  }
  return read;
}

}  // namespace closewait
