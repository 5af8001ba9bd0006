// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/output_checks.hpp"

#include "millrace/detail/graph/topology_spec.hpp"
#include "testing/simulation/printed_bytes.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

namespace millrace::testing::simulated {

namespace {

using Records = std::vector<BrokerRecord>;

/// A record as text, which identifies it: key, value, timestamp and headers.
std::string value_of(const BrokerRecord& record) {
    std::string text =
        printed(record.value) + " @" + std::to_string(record.timestamp.time_since_epoch().count());
    for (const auto& header : record.headers) {
        text += " " + std::string(header.key) + "=" + printed(header.value);
    }
    return text;
}

/// The values of each key, in order.
std::map<std::string, std::vector<std::string>> by_key(const Records& records) {
    std::map<std::string, std::vector<std::string>> values;
    for (const BrokerRecord& record : records) {
        values[printed(record.key)].push_back(value_of(record));
    }
    return values;
}

std::string line_of(const std::vector<std::string>& values, std::size_t around) {
    std::string text;
    const std::size_t begin = around < 3 ? 0 : around - 3;
    for (std::size_t i = begin; i < values.size() && i < around + 4; ++i) {
        text += (text.empty() ? "" : ", ") + values[i];
    }
    return "[" + std::string(begin > 0 ? "…, " : "") + text +
           (around + 4 < values.size() ? ", …" : "") + "]";
}

/// Whether results of repeated records may be of other windows or sessions than those of the
/// records before.
///
/// At least once, two results of a member that ends without a commit survive: the changelog of its
/// state, and the records that it has not committed. Example: records of a key at 49.2 s and 50.1 s
/// are in one session, which the changelog has; a record at 78 s ends its retention. Then the task
/// moves. The new owner restores the state, in which it is 78 s and the session has expired. It
/// reads the record of 50.1 s again. Operators begin without a stream time, so the record is not
/// late; it meets no session, and the result is a session of that record alone. The store drops
/// the row, because for the store it is too late. In the same way, a record that was dropped as
/// late may open a window. Kafka Streams has the same results.
bool has_times(const Topology& topology) {
    using detail::StoreKind;
    const auto& stores = topology.spec().stores;
    return std::any_of(stores.begin(), stores.end(), [](const auto& store) {
        return store.kind == StoreKind::kSession || store.kind == StoreKind::kWindow ||
               store.kind == StoreKind::kTimestampedWindow;
    });
}

class Comparison {
  public:
    Comparison(const SimulatedApplication& application, bool doubles, std::string topic)
        : application_(application),
          how_(application.comparison),
          doubles_(doubles),
          topic_(std::move(topic)) {}

    std::vector<std::string> compare(const Records& expected, const Records& output) {
        auto want = by_key(expected);
        auto have = by_key(output);
        for (auto& [key, values] : want) {
            compare_key(key, values, have[key]);
        }
        for (auto& [key, values] : have) {
            if (!want.contains(key) && !(doubles_ && has_times(application_.topology()))) {
                differ(key, "is not expected", {}, values, 0);
            }
        }
        return std::move(found_);
    }

  private:
    void compare_key(const std::string& key, std::vector<std::string>& want,
                     std::vector<std::string>& have) {
        if (doubles_) {
            if (have.size() < want.size() && how_ != OutputComparison::kLastOfEachKey) {
                differ(key, "misses records", want, have, have.size());
            } else if (have.empty()) {
                differ(key, "is missing", want, have, 0);
            }
            return;
        }
        if (how_ == OutputComparison::kLastOfEachKey) {
            if (have.empty() || have.back() != want.back()) {
                differ(key, "ends differently", want, have, have.size());
            }
            return;
        }
        if (how_ == OutputComparison::kSameRecords) {
            std::sort(want.begin(), want.end());
            std::sort(have.begin(), have.end());
        }
        const auto [left, right] =
            std::mismatch(want.begin(), want.end(), have.begin(), have.end());
        if (left != want.end() || right != have.end()) {
            differ(key, "differs", want, have, static_cast<std::size_t>(left - want.begin()));
        }
    }

    void differ(const std::string& key, const char* how, const std::vector<std::string>& want,
                const std::vector<std::string>& have, std::size_t where) {
        found_.push_back("output of key " + key + " in topic " + topic_ + " " + how +
                         ": expected " + std::to_string(want.size()) + " records " +
                         line_of(want, where) + ", got " + std::to_string(have.size()) + " " +
                         line_of(have, where));
    }

    const SimulatedApplication& application_;
    OutputComparison how_;
    bool doubles_;
    std::string topic_;
    std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> differences(const SimulatedApplication& application, bool doubles,
                                     const SimulatedApplication::Output& expected,
                                     const SimulatedApplication::Output& output) {
    std::vector<std::string> found;
    if (application.comparison != OutputComparison::kNone) {
        for (const auto& [topic, records] : expected) {
            const auto have = output.find(topic);
            const Records none;
            auto differ = Comparison(application, doubles, topic)
                              .compare(records, have == output.end() ? none : have->second);
            found.insert(found.end(), differ.begin(), differ.end());
        }
    }
    if (application.check) {
        auto more = application.check(output);
        found.insert(found.end(), more.begin(), more.end());
    }
    return found;
}

}  // namespace millrace::testing::simulated
