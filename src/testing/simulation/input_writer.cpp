// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/input_writer.hpp"

#include <algorithm>
#include <cstdint>

namespace millrace::testing::simulated {

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// Without a timestamp, a record gets one that does not depend on the time when it is written.
NewBrokerRecord record_of(const SimulatedInput& input, std::size_t number) {
    NewBrokerRecord record = input.record;
    if (!record.timestamp) {
        record.timestamp = kSimulationStart + std::chrono::milliseconds(number);
    }
    return record;
}

}  // namespace

void InputWriter::write_now(const std::vector<SimulatedInput>& input) {
    for (const SimulatedInput& each : input) {
        broker_.produce(each.topic, record_of(each, 0));
    }
}

void InputWriter::write(const std::vector<SimulatedInput>& input, nanoseconds end,
                        Transactions transactions) {
    for (std::size_t begin = 0; begin < input.size();) {
        const std::size_t next = std::min(input.size(), begin + 1 + random_.below(8));
        if (transactions != Transactions::kNone && random_.one_in(2)) {
            if (transactions == Transactions::kSomeAborted && random_.one_in(3)) {
                write_transaction(input, begin, next, false);
            }
            write_transaction(input, begin, next, true);
        } else {
            write_burst(input, begin, next);
        }
        begin = next;
        const nanoseconds left = std::max<nanoseconds>(end - scheduler_.passed(), 0ns);
        const auto bursts_left = static_cast<std::int64_t>((input.size() - begin) / 4 + 1);
        scheduler_.pause(random_.between(nanoseconds{0}, 2 * left / bursts_left));
    }
}

void InputWriter::write_burst(const std::vector<SimulatedInput>& input, std::size_t begin,
                              std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
        scheduler_.pause(input[i].pause);
        broker_.produce(input[i].topic, record_of(input[i], i));
    }
}

void InputWriter::write_transaction(const std::vector<SimulatedInput>& input, std::size_t begin,
                                    std::size_t end, bool commit) {
    auto transaction = broker_.begin_transaction();
    for (std::size_t i = begin; i < end; ++i) {
        scheduler_.pause(input[i].pause);
        transaction.produce(input[i].topic, record_of(input[i], i));
    }
    scheduler_.pause(random_.between(nanoseconds{0}, nanoseconds{300ms}));
    if (commit) {
        transaction.commit();
    } else {
        transaction.abort();
    }
}

}  // namespace millrace::testing::simulated
