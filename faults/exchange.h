#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace closewait {

// One request and the response that is owed for it, in the target's dialect, as a pure state
// machine without a socket: it says which bytes to send and judges those that come. It is used
// again for each exchange of a connection. Owned by the session, borrowed by the client.
class Exchange {
 public:
  virtual ~Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // The request from `offset` on, as much of it as lies in one piece; empty at its end. Valid
  // until the next call of restart().
  [[nodiscard]] virtual std::span<const std::byte> request(std::uint64_t offset) const = 0;

  // Of the request's bytes, so many are its head; 0 where there is no such thing.
  [[nodiscard]] virtual std::uint64_t head_bytes() const { return 0; }

  // What no server should take in: a request that has at least `bytes` and no end yet.
  [[nodiscard]] virtual std::string endless_request(std::uint64_t bytes) const;
  // Or one that says that 4 GiB will follow; "" where none can say so.
  [[nodiscard]] virtual std::string huge_claim() const { return {}; }

  // Asks so many times in a row from the next request on, and is owed as many answers.
  void pipeline(std::uint64_t times);

  // Takes bytes of the response in the order in which they came.
  void feed(std::span<const std::byte> data);

  // The target has ended its side: some responses end like this, others are cut short by it.
  virtual void end_of_input() {}

  // More of the request follows when what is owed first has come (a login is answered); until
  // then request() seems to end before it.
  [[nodiscard]] virtual bool holds_back() const { return false; }

  // Gets ready for the next exchange on the same connection.
  void restart();

  [[nodiscard]] bool complete() const { return complete_; }
  // Offset in the response of the first byte that is not as owed: of a body that is checked, in the
  // body.
  [[nodiscard]] std::optional<std::uint64_t> wrong_at() const { return wrong_at_; }
  // What is wrong is its status: a whole answer, and not the one that was asked for.
  [[nodiscard]] bool refused() const { return refused_; }
  // The target has said that it answers no more on this connection.
  [[nodiscard]] bool said_goodbye() const { return said_goodbye_; }
  // Bytes of the response; what comes before it (a hello) does not count.
  [[nodiscard]] std::uint64_t received() const { return received_; }

 protected:
  Exchange() = default;

  virtual void parse(std::span<const std::byte> data) = 0;
  virtual void reset_parser() = 0;
  // Of the bytes that parse() has in hand, so many come before the response.
  void before_response(std::size_t bytes) { before_response_ = bytes; }
  [[nodiscard]] std::uint64_t times() const { return times_; }
  // One of the answers is whole. True: it was the last.
  bool answer_is_whole();
  void set_wrong(std::uint64_t offset);
  void set_refused();
  void set_said_goodbye() { said_goodbye_ = true; }

 private:
  std::uint64_t received_ = 0;
  std::uint64_t times_ = 1;
  std::uint64_t answers_ = 0;  // whole ones
  std::size_t before_response_ = 0;
  std::optional<std::uint64_t> wrong_at_;
  bool complete_ = false;
  bool refused_ = false;
  bool said_goodbye_ = false;
};

}  // namespace closewait
