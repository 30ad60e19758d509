#include "metrics/documented_for_tests.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace closewait {
namespace {

std::string trimmed(const std::string& text) {
  const auto start = text.find_first_not_of(' ');
  if (start == std::string::npos) return "";
  return text.substr(start, text.find_last_not_of(' ') - start + 1);
}

// "| name | type | a, b | what |": a row of a table, unless it is the table's head.
void read_row(const std::string& line, MetricShapes& shapes) {
  std::istringstream cells(line);
  std::string empty;
  std::string name;
  std::string type;
  std::string labels;
  std::getline(cells, empty, '|');
  std::getline(cells, name, '|');
  std::getline(cells, type, '|');
  std::getline(cells, labels, '|');
  name = trimmed(name);
  if (name == "metric" || name.starts_with("---")) return;
  EXPECT_FALSE(shapes.contains(name)) << name << " is documented twice";
  MetricShape& shape = shapes[name];
  shape.type = trimmed(type);
  std::istringstream names(labels);
  for (std::string label; std::getline(names, label, ',');) {
    if (!trimmed(label).empty()) shape.labels.insert(trimmed(label));
  }
}

}  // namespace

MetricShapes documented_in(const std::string& text, const std::string& heading) {
  std::istringstream stream(text);
  MetricShapes shapes;
  bool inside = false;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("## ")) inside = line == "## " + heading;
    if (inside && line.starts_with("|")) read_row(line, shapes);
  }
  EXPECT_FALSE(shapes.empty()) << "no table in a section '## " << heading << "'";
  return shapes;
}

MetricShapes documented(const std::string& heading) {
  std::ifstream file(CLOSEWAIT_SOURCE_DIR "/docs/METRICS.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_FALSE(text.empty()) << "no docs/METRICS.md in " CLOSEWAIT_SOURCE_DIR;
  return documented_in(text, heading);
}

}  // namespace closewait
