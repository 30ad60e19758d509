#include "observe/diag_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

#include <string>

#include "observe/sock_diag.h"
#include "observe/test_support.h"

namespace closewait {
namespace {

using testing::bytes_of_hex;

// Captured on Linux 6.18: a connection 127.0.0.1:45129 <- 127.0.0.1:50676 (inode 37170) with a
// queue limit of its own, in a dump; and its destruction after 100 bytes came and 33 went.
constexpr std::string_view kRow =
    "7c0000001400020001000000b23279b002010000b049c5f47f0000010000000000000000000000007f000001"
    "0000000000000000000000000000000004000000000000000000000000000000000000000000000032910000"
    "050008000000000008000f00000000000c00150001000000000000000600160052000000";
constexpr std::string_view kDestroyed =
    "7c01000014000000000000000000000002070000b049c5f47f0000010000000000000000000000007f000001"
    "0000000000000000000000000000000004000000000000000000000001000000000000000000000000000000"
    "05000a00060000001c010200070000000007aa00e01c0300409c000000800000180200000000000000000000"
    "00000000000000000000000068000000000000006800000000000000ffff0000cbff0000110000000a000000"
    "ffffff7f0c000000cbff00000300000000000000cbff000000000000e39bf71c0c000000ffffffffffffffff"
    "22000000000000006500000000000000030000000600000000000000020000000100000001000000aaaa1a41"
    "0000000000000000000000000000000000000000000000000000000003000000000000002100000000000000"
    "0000000000000000000000000000000000000000000001000000010000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000";
constexpr std::size_t kHeader = 16;
constexpr std::size_t kBody = 72;

std::span<const std::byte> payload_of(const std::vector<std::byte>& message) {
  return std::span(message).subspan(kHeader);
}

TEST(ParseSocket, ReadsACapturedRow) {
  const auto message = bytes_of_hex(kRow);
  const auto socket = parse_socket(payload_of(message));
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->family, AF_INET);
  EXPECT_EQ(name_of(socket->state), "ESTABLISHED");
  EXPECT_EQ(socket->local.address().to_string(), "127.0.0.1:45129");
  EXPECT_EQ(socket->remote.address().to_string(), "127.0.0.1:50676");
  EXPECT_EQ(socket->inode, 37170U);
  EXPECT_EQ(socket->cookie, 4U);
  EXPECT_EQ(socket->uid, 0U);
}

TEST(ParseSocket, RefusesWhatIsTooShortOrOfAnotherFamily) {
  auto message = bytes_of_hex(kRow);
  for (std::size_t size = 0; size < kBody; ++size) {
    EXPECT_FALSE(parse_socket(payload_of(message).first(size))) << size;
    EXPECT_FALSE(parse_destroy(payload_of(message).first(size))) << size;
  }
  message[kHeader] = std::byte{AF_UNIX};
  EXPECT_FALSE(parse_socket(payload_of(message)));
  EXPECT_FALSE(parse_destroy(payload_of(message)));
}

TEST(ParseSocket, AStateOfALaterKernelIsUnknown) {
  auto message = bytes_of_hex(kRow);
  message[kHeader + 1] = std::byte{99};
  EXPECT_EQ(parse_socket(payload_of(message))->state, TcpState::kUnknown);
}

TEST(ParseDestroy, ReadsACapturedEvent) {
  const auto message = bytes_of_hex(kDestroyed);
  const auto event = parse_destroy(payload_of(message));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->family, AF_INET);
  EXPECT_EQ(event->state, TcpState::kClose);
  EXPECT_EQ(event->local_port, 45129);
  EXPECT_EQ(event->remote.port, 50676);
  EXPECT_EQ(event->remote.ipv4(), 0x7f000001U);
  EXPECT_EQ(event->cookie, 4U);  // as in the dump
  EXPECT_TRUE(event->has_info);
  EXPECT_EQ(event->bytes_received, 101U);  // and the FIN
  EXPECT_EQ(event->bytes_acked, 34U);
}

TEST(ParseDestroy, DoesWithoutInfo) {
  const auto message = bytes_of_hex(kDestroyed);
  for (std::size_t size = kBody; size < payload_of(message).size(); ++size) {
    const auto event = parse_destroy(payload_of(message).first(size));
    ASSERT_TRUE(event) << size;
    EXPECT_FALSE(event->has_info) << size;
    EXPECT_EQ(event->remote.port, 50676) << size;
  }
}

TEST(ParseDestroy, SurvivesAttributesWithBadLengths) {
  for (const int length : {0, 1, 3, 255}) {
    auto message = bytes_of_hex(kDestroyed);
    message[kHeader + kBody] = static_cast<std::byte>(length);
    message[kHeader + kBody + 1] = std::byte{0xff};
    EXPECT_FALSE(parse_destroy(payload_of(message))->has_info) << length;
  }
}

TEST(NextMessage, WalksABlockAndStopsAtACut) {
  auto block = bytes_of_hex(std::string(kRow) + std::string(kDestroyed));
  std::span<const std::byte> rest(block);
  EXPECT_EQ(next_message(rest)->payload.size(), 124U - kHeader);
  EXPECT_EQ(next_message(rest)->payload.size(), 380U - kHeader);
  EXPECT_FALSE(next_message(rest));
  EXPECT_TRUE(rest.empty());

  rest = std::span<const std::byte>(block).first(130);
  EXPECT_TRUE(next_message(rest));
  EXPECT_FALSE(next_message(rest));
  EXPECT_FALSE(rest.empty());

  block[0] = std::byte{3};  // shorter than its own header: must not loop for ever
  rest = block;
  EXPECT_FALSE(next_message(rest));
}

TEST(ReadDumpBlock, CollectsRowsUntilDone) {
  std::vector<TcpSocket> sockets;
  const auto rows = bytes_of_hex(std::string(kRow) + std::string(kRow));
  DumpProgress progress = read_dump_block(rows, sockets);
  EXPECT_FALSE(progress.done);
  EXPECT_FALSE(progress.error);
  EXPECT_EQ(sockets.size(), 2U);

  progress = read_dump_block(bytes_of_hex("14000000030002000100000000000000"
                                          "00000000"),
                             sockets);
  EXPECT_TRUE(progress.done);
  EXPECT_FALSE(progress.interrupted);
  EXPECT_FALSE(progress.error);
}

TEST(ReadDumpBlock, TellsOfInterruptionErrorsAndGarbage) {
  std::vector<TcpSocket> sockets;
  static_assert(NLM_F_DUMP_INTR == 0x10);
  EXPECT_TRUE(read_dump_block(bytes_of_hex("14000000030012000100000000000000"
                                           "00000000"),
                              sockets)
                  .interrupted);
  auto row = bytes_of_hex(kRow);
  row[6] |= std::byte{NLM_F_DUMP_INTR};
  EXPECT_TRUE(read_dump_block(row, sockets).interrupted);
  // NLMSG_ERROR with -ENOENT
  const auto failed = read_dump_block(bytes_of_hex("14000000020000000100000000000000"
                                                   "feffffff"),
                                      sockets);
  EXPECT_TRUE(failed.done);
  EXPECT_EQ(failed.error.value(), ENOENT);
  EXPECT_TRUE(read_dump_block(bytes_of_hex("0300"), sockets).error);
}

// What the kernel never says has no meaning, and no undefined one.
TEST(NetlinkErrno, IsAPositiveNumberOrNothing) {
  const auto errno_of = [](std::int32_t value) {
    return netlink_errno(std::as_bytes(std::span(&value, 1)));
  };
  EXPECT_EQ(errno_of(-ENOENT), ENOENT);
  EXPECT_EQ(errno_of(0), 0);
  EXPECT_EQ(errno_of(7), 0);
  EXPECT_EQ(errno_of(INT32_MIN), EPROTO);
  EXPECT_EQ(netlink_errno({}), 0);
}

}  // namespace
}  // namespace closewait
