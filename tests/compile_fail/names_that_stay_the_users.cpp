// compiles
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

// Names that applications often use; the library does not use them.
struct Order {
    std::string id;
};
struct Schedule {
    std::string id;
};
struct Metric {
    std::string id;
};

namespace millrace {

template <>
struct Serde<Order> {
    static std::string id_of(const Order& order) { return order.id; }
};

// Inside the namespace they are also free.
inline Order order_of(const std::string& id) {
    return Order{id};
}
inline std::string both(const Schedule& schedule, const Metric& metric) {
    return schedule.id + metric.id;
}

}  // namespace millrace

using namespace millrace;

int main() {
    StreamsBuilder builder;
    builder.stream<std::string, std::string>("orders").map_values(
        [](const std::string& id) { return Order{id}; });
    order_of(both(Schedule{"a"}, Metric{"b"}));
}
