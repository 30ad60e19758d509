#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "record/json_fields.h"

namespace closewait {

// Fills the fields of one struct of record/ from a JSON object that may be anything: what does
// not fit (another type, a number out of range, an unknown name) is remembered, never converted.
// A field that is missing is zero. Borrows the object while it lives. One thread.
class JsonReader {
 public:
  explicit JsonReader(const nlohmann::json& object) : object_(object) {}

  template <class T>
  void operator()(std::string_view name, T& value) {
    const auto found = object_.find(std::string(name));
    if (found != object_.end()) {
      fits_ = fits_ && read(*found, value);
    } else if constexpr (std::is_enum_v<T>) {
      fits_ = false;
    } else {
      value = T{};
    }
  }

  [[nodiscard]] bool fits() const { return fits_; }

 private:
  using Json = nlohmann::json;

  // A second's line is a few bytes for a behaviour that did nothing, its tally is 48 KiB.
  static constexpr std::size_t kMostClients = 1024;
  // No second has more in one bucket, and no sum of seconds can then overflow.
  static constexpr std::uint64_t kMostInBucket = std::numeric_limits<std::uint32_t>::max();

  static bool read(const Json& json, bool& value) {
    if (!json.is_boolean()) return false;
    value = json.get<bool>();
    return true;
  }
  template <std::integral T>
  static bool read(const Json& json, T& value) {
    if (json.is_number_unsigned()) {
      const auto number = json.get<std::uint64_t>();
      if (!std::in_range<T>(number)) return false;
      value = static_cast<T>(number);
      return true;
    }
    if (!json.is_number_integer()) return false;
    const auto number = json.get<std::int64_t>();
    if (!std::in_range<T>(number)) return false;
    value = static_cast<T>(number);
    return true;
  }
  // JSON has no number that is not finite; null is what such a one was written as.
  static bool read(const Json& json, double& value) {
    if (!json.is_number() && !json.is_null()) return false;
    value = json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
    return true;
  }
  static bool read(const Json& json, std::string& value) {
    if (!json.is_string()) return false;
    value = json.get_ref<const std::string&>();
    return true;
  }
  template <class T>
  requires std::is_enum_v<T>
  static bool read(const Json& json, T& value) {
    if (!json.is_string()) return false;
    const auto names = names_of(T{});
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] != json.get_ref<const std::string&>()) continue;
      value = static_cast<T>(i);
      return true;
    }
    return false;
  }
  template <class T>
  static bool read(const Json& json, std::optional<T>& value) {
    return read(json, value.emplace());
  }
  template <class T>
  static bool read(const Json& json, std::vector<T>& values) {
    if (!json.is_array()) return false;
    if (std::is_same_v<T, ClientTally> && json.size() > kMostClients) return false;
    values.clear();
    values.reserve(json.size());
    for (const Json& each : json) {
      if (!read(each, values.emplace_back())) return false;
    }
    return true;
  }
  template <class T>
  static bool read(const Json& json, std::map<std::string, T>& values) {
    if (!json.is_object()) return false;
    values.clear();
    for (const auto& [name, each] : json.items()) {
      if (!read(each, values[name])) return false;
    }
    return true;
  }
  static bool read(const Json& json, Histogram& histogram) {
    std::vector<std::vector<std::uint64_t>> buckets;
    std::int64_t sum = 0;
    std::int64_t max = 0;
    if (!json.is_object()) return false;
    JsonReader fields(json);
    fields("buckets", buckets);
    fields("sum", sum);
    fields("max", max);
    if (!fields.fits() || sum < 0 || max < 0) return false;
    histogram.clear();
    for (const auto& pair : buckets) {
      if (pair.size() != 2 || pair[0] >= Histogram::kBuckets || pair[1] > kMostInBucket) {
        return false;
      }
      histogram.add_bucket(pair[0], pair[1]);
    }
    histogram.add_sum(Nanoseconds(sum), Nanoseconds(max));
    return true;
  }
  template <class T>
  requires std::is_class_v<T>
  static bool read(const Json& json, T& value) {
    if (!json.is_object()) return false;
    JsonReader fields(json);
    each_field(fields, value);
    return fields.fits();
  }

  const Json& object_;
  bool fits_ = true;
};

// Whether all of the object fitted into `value`; what it holds after "no" is of no use.
template <class T>
[[nodiscard]] bool read_object(const nlohmann::json& object, T& value) {
  if (!object.is_object()) return false;
  JsonReader fields(object);
  each_field(fields, value);
  return fields.fits();
}

}  // namespace closewait
