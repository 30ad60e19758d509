// What is owed to a connection is kept in a table by the number of its descriptor, and the error
// path closes the descriptor without clearing the row. The next connection of that number gets the
// rest of a response that was another's. Of this kind:
// https://github.com/vermellcc/vermell/pull/16, SDL-Hercules-390/hyperion issue 874.
#include <unordered_map>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class StateByNumber : public Skeleton {
  void on_accepted(Connection* connection) override {
    const auto row = table_.find(connection->fd);
    if (row == table_.end()) return;
    connection->head = row->second.head;
    connection->offset = row->second.offset;
    connection->left = row->second.left;
    table_.erase(row);
  }
  void on_failure(Connection* connection, int) override {
    if (connection->left > 0) {
      table_[connection->fd] = {connection->head, connection->offset, connection->left};
    }
    destroy(connection);
  }

  struct Row {
    std::string head;
    std::uint64_t offset = 0;
    std::uint64_t left = 0;
  };
  std::unordered_map<int, Row> table_;
};

}  // namespace

std::unique_ptr<Skeleton> state_by_number() { return std::make_unique<StateByNumber>(); }

}  // namespace closewait
