#pragma once

#include <cstdint>
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

// Whether a field that is zero, empty or false is written. The record leaves it out, which keeps
// its lines short; result.json has every field always.
enum class Zeros : std::uint8_t { kOmit, kKeep };

// Collects the fields of one struct of record/ as a JSON object, in their order. Owns what it
// collected until take(). One thread.
class JsonWriter {
 public:
  explicit JsonWriter(Zeros zeros) : zeros_(zeros) {}

  template <class T>
  void operator()(std::string_view name, const T& value) {
    if (zeros_ == Zeros::kOmit && is_zero(value)) return;
    object_.emplace(std::string(name), json_of(value));
  }

  [[nodiscard]] nlohmann::ordered_json take() && { return std::move(object_); }

 private:
  using Json = nlohmann::ordered_json;

  template <class T>
  static bool is_zero(const T& value) {
    if constexpr (std::is_arithmetic_v<T>) {
      return value == T{};
    } else if constexpr (std::is_enum_v<T>) {
      return false;
    } else if constexpr (requires { value.empty(); }) {
      return value.empty();
    } else if constexpr (requires { value.has_value(); }) {
      return !value.has_value();
    } else if constexpr (std::is_same_v<T, Histogram>) {
      return value.count() == 0;
    } else {
      return false;
    }
  }

  template <class T>
  Json json_of(const T& value) const {
    if constexpr (std::is_enum_v<T>) {
      return names_of(value)[static_cast<std::size_t>(value)];
    } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      return value;
    } else {
      return composed(value);
    }
  }

  template <class T>
  Json composed(const T& value) const {
    JsonWriter fields(zeros_);
    each_field(fields, value);
    return std::move(fields).take();
  }
  template <class T>
  Json composed(const std::optional<T>& value) const {
    return value ? json_of(*value) : Json(nullptr);
  }
  template <class T>
  Json composed(const std::vector<T>& values) const {
    Json array = Json::array();
    for (const T& each : values) array.push_back(json_of(each));
    return array;
  }
  template <class T>
  Json composed(const std::map<std::string, T>& values) const {
    Json object = Json::object();
    for (const auto& [name, value] : values) object.emplace(name, json_of(value));
    return object;
  }
  // Nanoseconds, and only the buckets that hold something.
  Json composed(const Histogram& histogram) const {
    Json buckets = Json::array();
    for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
      const std::uint64_t count = histogram.buckets()[i];
      if (count != 0) buckets.push_back(Json::array({i, count}));
    }
    return {{"buckets", std::move(buckets)},
            {"sum", histogram.sum().count()},
            {"max", histogram.max().count()}};
  }

  Zeros zeros_;
  Json object_ = Json::object();
};

// A struct of record/ as a JSON object.
template <class T>
[[nodiscard]] nlohmann::ordered_json json_object(const T& value, Zeros zeros) {
  JsonWriter fields(zeros);
  each_field(fields, value);
  return std::move(fields).take();
}

}  // namespace closewait
