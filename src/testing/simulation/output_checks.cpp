// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/output_checks.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

namespace millrace::testing::simulated {

namespace {

using Records = std::vector<BrokerRecord>;

/// A record as text, which identifies it: key, value, timestamp and headers.
std::string text_of(const NullableOwnedBytes& bytes) {
    if (!bytes) {
        return "null";
    }
    std::string text = "\"";
    for (const char each : std::string_view(*bytes)) {
        const auto code = static_cast<unsigned char>(each);
        if (code >= 0x20 && code < 0x7f && each != '"' && each != '\\') {
            text += each;
        } else {
            char hex[8];
            std::snprintf(hex, sizeof hex, "\\x%02x", code);
            text += hex;
        }
    }
    return text + '"';
}

std::string value_of(const BrokerRecord& record) {
    std::string text =
        text_of(record.value) + " @" + std::to_string(record.timestamp.time_since_epoch().count());
    for (const auto& header : record.headers) {
        text += " " + std::string(header.key) + "=" + text_of(header.value);
    }
    return text;
}

/// The values of each key, in order.
std::map<std::string, std::vector<std::string>> by_key(const Records& records) {
    std::map<std::string, std::vector<std::string>> values;
    for (const BrokerRecord& record : records) {
        values[text_of(record.key)].push_back(value_of(record));
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

class Comparison {
  public:
    Comparison(OutputComparison how, bool doubles, std::string topic)
        : how_(how), doubles_(doubles), topic_(std::move(topic)) {}

    std::vector<std::string> compare(const Records& expected, const Records& output) {
        auto want = by_key(expected);
        auto have = by_key(output);
        for (auto& [key, values] : want) {
            compare_key(key, values, have[key]);
        }
        for (auto& [key, values] : have) {
            // At least once: a repeated record may open another window or session than before.
            if (!want.contains(key) && !doubles_) {
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
            auto differ = Comparison(application.comparison, doubles, topic)
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
