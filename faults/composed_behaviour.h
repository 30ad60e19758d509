#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "faults/behaviour.h"

namespace closewait {

// One verb of a behaviour that is composed in a scenario, with what it was told. `repeat` is
// unrolled: there are as many as will be played.
struct Step {
  enum class Verb : std::uint8_t {
    kConnect,
    kSend,
    kSendBytes,
    kSendUrgent,
    kReceive,
    kWait,
    kStay,
    kWaitForInput,
    kAskAgain,
    kShutDownSending,
    kShutDownReceiving,
    kDrain,
    // One of these is the last.
    kClose,
    kCloseUnread,
    kReset,
    kDisconnect,
    kVanish,
  };

  Verb verb = Verb::kConnect;
  std::uint64_t bytes = 0;  // connect: of its receive buffer; send, receive: so many more, 0 for
                            // all
  bool to_head = false;     // send: to the end of the request's head
  Nanoseconds duration{0};  // wait, stay
  std::string data{};       // send_bytes

  [[nodiscard]] bool is_end() const { return verb >= Verb::kClose; }
};

// How long the steps lie still or stay, all together.
[[nodiscard]] Nanoseconds waits_of(std::span<const Step> steps);
// The most of one response that they receive a part of: 0 when they receive none in part.
[[nodiscard]] std::uint64_t received_in_part(std::span<const Step> steps);

// A behaviour that a scenario, or a file, describes by its steps. What they are decides how it
// ends, what it needs and what it is owed, so that it is judged as the catalogue's are. Owns its
// words and steps, to which its row refers; it is not moved.
class ComposedBehaviour {
 public:
  struct Description {
    std::string name;
    std::string story;
    std::string size;  // the defaults of its parameters, as they are written
    std::string timeout;
    std::vector<Step> steps;  // begin with connect and end with the one end
    std::string file_text;    // of the file that describes it; "" where the scenario does
  };

  explicit ComposedBehaviour(Description description);
  ComposedBehaviour(const ComposedBehaviour&) = delete;
  ComposedBehaviour& operator=(const ComposedBehaviour&) = delete;

  [[nodiscard]] const Behaviour& row() const { return row_; }
  [[nodiscard]] const std::string& file_text() const { return description_.file_text; }

 private:
  Description description_;
  std::vector<Parameter> parameters_;
  Behaviour row_;
};

}  // namespace closewait
