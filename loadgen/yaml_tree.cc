#include "loadgen/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

// A limit was reached: reading on would cost more than it tells.
struct TooMuch {
  Place place;
  std::string what;
};

// Builds the tree from yaml-cpp's events, which, other than its nodes, show every repeated key.
// Owns the tree until take(); borrows the problems. One thread.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& source, bool with_lines, Problems& problems)
      : source_(source), with_lines_(with_lines), problems_(problems) {}

  [[nodiscard]] YamlNode take() { return std::move(root_); }

  [[nodiscard]] Place place(const YAML::Mark& mark) const {
    if (!with_lines_ || mark.is_null()) return {source_, with_lines_ ? 1U : 0U, 1};
    return {source_, static_cast<std::size_t>(mark.line) + 1,
            static_cast<std::size_t>(mark.column) + 1};
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw TooMuch{place(mark), "a second document; expected only one"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node = start(YamlNode::Kind::kEmpty, mark, "", anchor);
    // The mark of a value that is not there is that of whatever comes next.
    if (!open_.empty() && open_.back().key) node.place = open_.back().key->place;
    attach(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problems_.add(place(mark), "an alias (*) is not supported; expected the value itself");
    attach(start(YamlNode::Kind::kEmpty, mark, "", YAML::NullAnchor));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = start(YamlNode::Kind::kScalar, mark, tag, anchor);
    node.written = value;
    node.text = expects_key() ? value : expand_environment(value, node.place, problems_);
    attach(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(start(YamlNode::Kind::kList, mark, tag, anchor));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(start(YamlNode::Kind::kMap, mark, tag, anchor));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Key {
    std::string text;
    Place place;
    bool usable = true;
  };
  // A list or map whose end has not come yet; of a map, the key whose value comes next.
  struct Open {
    YamlNode node;
    std::optional<Key> key;
  };

  YamlNode start(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
                 YAML::anchor_t anchor) {
    YamlNode node;
    node.kind = kind;
    node.place = place(mark);
    if (++nodes_ > kMostYamlNodes) {
      throw TooMuch{node.place,
                    "too much; expected at most " + std::to_string(kMostYamlNodes) + " values"};
    }
    if (anchor != YAML::NullAnchor) {
      problems_.add(node.place, "an anchor (&) is not supported; expected the value itself");
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      problems_.add(node.place, "a tag (!) is not supported; expected the value itself");
    }
    return node;
  }

  void open(YamlNode node) {
    if (open_.size() >= kDeepestYaml) {
      throw TooMuch{node.place, "nested too deeply; expected at most " +
                                    std::to_string(kDeepestYaml) + " levels"};
    }
    open_.push_back({std::move(node), std::nullopt});
  }

  void close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    attach(std::move(node));
  }

  [[nodiscard]] bool expects_key() const {
    return !open_.empty() && open_.back().node.kind == YamlNode::Kind::kMap && !open_.back().key;
  }

  void attach(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (expects_key()) {
      open_.back().key = read_key(node);
    } else if (open_.back().node.kind == YamlNode::Kind::kList) {
      open_.back().node.items.push_back(std::move(node));
    } else {
      Key key = std::move(*open_.back().key);
      open_.back().key.reset();
      if (key.usable) {
        open_.back().node.entries.push_back(
            {std::move(key.text), std::move(key.place), std::move(node)});
      }
    }
  }

  Key read_key(const YamlNode& node) {
    Key key{node.text, node.place, false};
    if (node.kind != YamlNode::Kind::kScalar) {
      problems_.add(node.place, "a key is " + describe(node) + "; expected a word");
    } else if (node.text == "<<") {
      problems_.add(node.place, "a merge key (<<) is not supported; expected the keys themselves");
    } else if (const YamlEntry* first = open_.back().node.find(node.text)) {
      const std::string line = with_lines_ ? " in line " + std::to_string(first->place.line) : "";
      problems_.add(node.place, "repeated key " + in_quotes(node.text) +
                                    "; expected it once, and it is there already" + line);
    } else {
      key.usable = true;
    }
    return key;
  }

  std::string source_;
  bool with_lines_;
  Problems& problems_;
  YamlNode root_;
  std::vector<Open> open_;
  std::size_t nodes_ = 0;
  std::size_t documents_ = 0;
};

Place place_of_byte(std::string_view text, std::size_t at, const std::string& source) {
  const std::string_view before = text.substr(0, at);
  const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  return {source, lines + 1, at - (before.rfind('\n') + 1) + 1};  // npos + 1 is 0
}

// Two things that scenarios have and YAML means otherwise: `> 100` is folded text, and what
// begins with a bracket is a list.
std::string syntax_hint(std::string_view text, const YAML::Mark& mark) {
  if (mark.pos <= 0 || static_cast<std::size_t>(mark.pos) > text.size()) return "";
  const std::string_view before = text.substr(0, static_cast<std::size_t>(mark.pos));
  const std::string_view line = before.substr(before.rfind('\n') + 1);
  if (line.find(": >") != line.npos) return "; a bound with > needs quotes: '> 100'";
  if (line.ends_with(']')) return "; an address in brackets needs quotes: '[::1]:80'";
  return "";
}

// yaml-cpp quotes the byte that it did not expect: its mark of the end, or a part of a
// character.
std::string told(const YAML::Exception& error) {
  constexpr char kEndOfStream = '\x04';
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  const auto bad = std::find_if_not(error.msg.begin(), error.msg.end(), printable);
  if (bad == error.msg.end()) return error.msg;
  return std::string(error.msg.begin(), bad) +
         (*bad == kEndOfStream ? "the end of the text" : "not one of printable ASCII");
}

}  // namespace

YamlEntry* YamlNode::find(std::string_view key) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const YamlEntry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

const YamlEntry* YamlNode::find(std::string_view key) const {
  return const_cast<YamlNode*>(this)->find(key);
}

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kEmpty:
      return "empty";
    case YamlNode::Kind::kScalar:
      return in_quotes(node.text);
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  return "unknown";
}

Result<std::string> read_yaml_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMostYamlBytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) return last_error();
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

YamlNode read_yaml(const std::string& text, const std::string& source, bool with_lines,
                   Problems& problems) {
  const Place start{source, with_lines ? 1U : 0U, 1};
  if (text.size() > kMostYamlBytes) {
    problems.add(start, "more than 1 MiB of text; expected a scenario written by hand");
    return {};
  }
  if (const auto bad = first_bad_byte(text)) {
    problems.add(with_lines ? place_of_byte(text, *bad, source) : start,
                 "not a character of text; expected UTF-8 without control characters");
    return {};
  }
  TreeBuilder builder(source, with_lines, problems);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    problems.add(builder.place(error.mark), "not YAML: " + told(error) + "; expected valid YAML" +
                                                syntax_hint(text, error.mark));
    return {};
  } catch (const TooMuch& limit) {
    problems.add(limit.place, limit.what);
    return {};
  }
  return builder.take();
}

}  // namespace closewait
