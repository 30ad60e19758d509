#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace closewait {

using boost::system::error_code;

// A value, or why there is none. Expected failures travel as values.
template <class T>
using Result = boost::system::result<T>;

// The one translation of errno into an error_code. Call it right after the failing call.
[[nodiscard]] error_code last_error() noexcept;
[[nodiscard]] error_code errno_error(int value) noexcept;

// "Connection refused (ECONNREFUSED)": what a person reads and what they can search for.
[[nodiscard]] std::string describe(error_code error);

// The symbolic name of an errno, "ECONNREFUSED"; "errno 4711" for one that has none.
[[nodiscard]] std::string errno_name(int value);

// Bad input of the person who started the program: said in one line, exit status 2. Thrown only
// before traffic starts and caught once, in main.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What could not be set up although the input was right (a port taken, a missing right): said in
// one line, exit status 3 in the rig. Thrown only before traffic starts and caught once, in main.
class SetupError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace closewait
