// SPDX-License-Identifier: Apache-2.0
#include "compare.hpp"

#include "show.hpp"
#include "variant.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace millrace::parity {
namespace {

using Difference = std::optional<std::string>;
using Records = std::vector<const Json*>;

std::string expected_got(const std::string& expected, const std::string& got) {
    return "\n    expected " + expected + "\n    got      " + got;
}

// ---- equality ----------------------------------------------------------------------------------

const Json& list(const Json& object, const char* name) {
    static const Json empty = Json::array();
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? empty : *found;
}

bool same_headers(const Json& expected, const Json& actual) {
    const Json& x = list(expected, "headers");
    const Json& y = list(actual, "headers");
    return x.size() == y.size() &&
           std::equal(x.begin(), x.end(), y.begin(), [](const Json& e, const Json& a) {
               return e.at(0) == a.at(0) && (e.at(1) == "*" || e.at(1) == a.at(1));
           });
}

NullableOwnedBytes bytes_of(const Json& object, const char* name) {
    return to_bytes(object.at(name));
}

bool same_record(const Json& expected, const Json& actual) {
    return expected.at("topic") == actual.at("topic") &&
           bytes_of(expected, "key") == bytes_of(actual, "key") &&
           bytes_of(expected, "value") == bytes_of(actual, "value") &&
           expected.at("timestamp") == actual.at("timestamp") && same_headers(expected, actual);
}

bool same_entry(const Json& expected, const Json& actual) {
    const auto same_field = [&](const char* name) {
        return expected.value(name, Json()) == actual.value(name, Json());
    };
    return bytes_of(expected, "key") == bytes_of(actual, "key") &&
           bytes_of(expected, "value") == bytes_of(actual, "value") && same_field("start") &&
           same_field("end") && same_field("as_of") && same_field("timestamp") &&
           same_field("headers");
}

struct FirstDifference {
    std::size_t index;
    const Json* expected;  // Null: there is no such element.
    const Json* actual;
};

std::optional<FirstDifference> first_difference(const Records& expected, const Records& actual,
                                                bool (*same)(const Json&, const Json&)) {
    for (std::size_t i = 0; i < std::max(expected.size(), actual.size()); ++i) {
        const Json* e = i < expected.size() ? expected[i] : nullptr;
        const Json* a = i < actual.size() ? actual[i] : nullptr;
        if (e == nullptr || a == nullptr || !same(*e, *a)) {
            return FirstDifference{i, e, a};
        }
    }
    return std::nullopt;
}

Records records_of(const Json& array) {
    Records records;
    for (const Json& record : array) {
        records.push_back(&record);
    }
    return records;
}

// ---- parts of a case ---------------------------------------------------------------------------

Difference compare_error(const char* what, const Json& expected, const Json& actual) {
    const std::string e = expected.value(what, "");
    const std::string a = actual.value(what, "");
    if (e == a) {
        return std::nullopt;
    }
    return std::string(what) + ": expected " + (e.empty() ? "no error" : e) + ", got " +
           (a.empty() ? "no error" : a) +
           (actual.contains("message") ? " (" + actual.at("message").dump() + ")" : "");
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t at = 0;
    while (at <= text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

/// Replaces the class name of a topic extractor with "*".
std::string without_extractor_classes(std::string text) {
    constexpr std::string_view kBegin = "(extractor class: ";
    for (std::size_t at = 0; (at = text.find(kBegin, at)) != std::string::npos;) {
        at += kBegin.size();
        const std::size_t end = text.find(')', at);
        text.replace(at, end - at, "*");
    }
    return text;
}

Difference compare_describe(const Json& expected, const Json& actual) {
    if (!actual.contains("describe")) {
        return "describe: missing";
    }
    const auto e = lines_of(expected.at("describe").get<std::string>());
    const auto a = lines_of(without_extractor_classes(actual.at("describe").get<std::string>()));
    for (std::size_t i = 0; i < std::max(e.size(), a.size()); ++i) {
        const std::string x = i < e.size() ? "'" + e[i] + "'" : "the end";
        const std::string y = i < a.size() ? "'" + a[i] + "'" : "the end";
        if (x != y) {
            return "describe, line " + std::to_string(i + 1) + ":" + expected_got(x, y);
        }
    }
    return std::nullopt;
}

Difference compare_log(const Json& expected, const Json& actual) {
    const Json& e = list(expected, "log");
    const Json& a = list(actual, "log");
    for (std::size_t i = 0; i < std::max(e.size(), a.size()); ++i) {
        const std::string x = i < e.size() ? e[i].dump() : "nothing";
        const std::string y = i < a.size() ? a[i].dump() : "nothing";
        if (x != y) {
            return "log line " + std::to_string(i + 1) + ":" + expected_got(x, y);
        }
    }
    return std::nullopt;
}

auto sort_key(const Json& record) {
    const auto hex = [&](const char* name) {
        return record.at(name).is_null() ? std::string()
                                         : record.at(name).at("hex").get<std::string>();
    };
    return std::tuple(
        record.at("topic").get<std::string>(), hex("key"), hex("value"),
        record.at("timestamp").is_null() ? -1 : record.at("timestamp").get<std::int64_t>());
}

/// Moves the records of unordered topics to the front, sorted. Returns the others.
Records take_ordered(Records& records, const std::set<std::string>& unordered) {
    Records ordered;
    Records others;
    for (const Json* record : records) {
        (unordered.contains(record->at("topic").get<std::string>()) ? others : ordered)
            .push_back(record);
    }
    std::stable_sort(others.begin(), others.end(),
                     [](const Json* x, const Json* y) { return sort_key(*x) < sort_key(*y); });
    records = others;
    records.insert(records.end(), ordered.begin(), ordered.end());
    return ordered;
}

std::vector<std::pair<std::string, Records>> by_topic(const Records& records) {
    std::vector<std::pair<std::string, Records>> topics;
    for (const Json* record : records) {
        const auto& name = record->at("topic").get_ref<const std::string&>();
        auto found = std::find_if(topics.begin(), topics.end(),
                                  [&](const auto& topic) { return topic.first == name; });
        if (found == topics.end()) {
            found = topics.insert(topics.end(), {name, {}});
        }
        found->second.push_back(record);
    }
    return topics;
}

Difference compare_topic(const std::string& topic, const Records& expected, const Records& actual) {
    if (const auto found = first_difference(expected, actual, same_record)) {
        return "record " + std::to_string(found->index + 1) + " to " + topic + ":" +
               expected_got(show_record(found->expected), show_record(found->actual));
    }
    return std::nullopt;
}

Difference compare_outputs(const Json& expected, const Json& actual,
                           const std::set<std::string>& unordered) {
    Records e = records_of(list(expected, "out"));
    Records a = records_of(list(actual, "out"));
    const Records e_ordered = take_ordered(e, unordered);
    const Records a_ordered = take_ordered(a, unordered);
    const auto e_topics = by_topic(e);
    const auto a_topics = by_topic(a);
    const auto of = [](const auto& topics, const std::string& name) {
        for (const auto& [topic, records] : topics) {
            if (topic == name) {
                return records;
            }
        }
        return Records();
    };
    for (const auto& [topic, records] : e_topics) {
        if (auto difference = compare_topic(topic, records, of(a_topics, topic))) {
            return difference;
        }
    }
    for (const auto& [topic, records] : a_topics) {
        if (auto difference = compare_topic(topic, of(e_topics, topic), records)) {
            return difference;
        }
    }
    if (const auto found = first_difference(e_ordered, a_ordered, same_record)) {
        return "record " + std::to_string(found->index + 1) + " of the step, order across topics:" +
               expected_got(show_record(found->expected), show_record(found->actual));
    }
    return std::nullopt;
}

Difference compare_step(const Json& expected, const Json& actual,
                        const std::set<std::string>& unordered) {
    if (auto difference = compare_error("throws", expected, actual)) {
        return difference;
    }
    if (auto difference = compare_log(expected, actual)) {
        return difference;
    }
    return expected.contains("throws") ? std::nullopt
                                       : compare_outputs(expected, actual, unordered);
}

Difference compare_store(const std::string& name, const Json* expected, const Json* actual) {
    const auto kind = [](const Json* store) { return store->at("kind").get<std::string>(); };
    if ((expected != nullptr && kind(expected) == "opaque") ||
        (actual != nullptr && kind(actual) == "opaque")) {
        return std::nullopt;
    }
    const std::string e = expected == nullptr ? "no such store" : kind(expected);
    const std::string a = actual == nullptr ? "no such store" : kind(actual);
    if (e != a) {
        return "store " + name + ": expected " + e + ", got " + a;
    }
    if (const auto found = first_difference(records_of(expected->at("entries")),
                                            records_of(actual->at("entries")), same_entry)) {
        return "store " + name + ", entry " + std::to_string(found->index + 1) + ":" +
               expected_got(show_entry(found->expected), show_entry(found->actual));
    }
    return std::nullopt;
}

Difference compare_stores(const Json& expected, const Json& actual) {
    std::vector<std::string> names;
    for (const auto& [name, store] : expected.items()) {
        names.push_back(name);
    }
    for (const auto& [name, store] : actual.items()) {
        if (!expected.contains(name)) {
            names.push_back(name);
        }
    }
    for (const std::string& name : names) {
        const Json* e = expected.contains(name) ? &expected.at(name) : nullptr;
        const Json* a = actual.contains(name) ? &actual.at(name) : nullptr;
        if (auto difference = compare_store(name, e, a)) {
            return difference;
        }
    }
    return std::nullopt;
}

Difference compare_steps(const Json& expected, const Json& actual) {
    const Json& e = list(expected, "steps");
    const Json& a = list(actual, "steps");
    const auto unordered = list(expected, "unordered_topics").get<std::set<std::string>>();
    for (std::size_t i = 0; i < e.size(); ++i) {
        const std::string where = "step " + std::to_string(i + 1) + " (" + show_step(e[i]) + "): ";
        if (i >= a.size()) {
            return where + "missing";
        }
        if (const auto difference = compare_step(e[i], a[i], unordered)) {
            return where + "\n    " + *difference;
        }
    }
    if (a.size() > e.size()) {
        return "steps: expected " + std::to_string(e.size()) + ", got " + std::to_string(a.size());
    }
    return std::nullopt;
}

/// Compares tables of values by topic and key.
Difference compare_last_values(const Json& expected, const Json& actual) {
    for (const Json* side : {&expected, &actual}) {
        for (const auto& [topic, values] : side->items()) {
            for (const auto& [key, value] : values.items()) {
                const Json x = expected.value(topic, Json::object()).value(key, Json());
                const Json y = actual.value(topic, Json::object()).value(key, Json());
                if (x != y) {
                    return "last value of " + key + " in " + topic + ":" +
                           expected_got(x.dump(), y.dump());
                }
            }
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> first_difference_in_the_end(const Json& expected, const Json& actual,
                                                       Compared compared) {
    for (const char* what : {"build_throws", "init_throws"}) {
        if (auto difference = compare_error(what, expected, actual)) {
            return difference;
        }
    }
    const Json e = reduced_to(compared, end_of(expected));
    const Json a = reduced_to(compared, end_of(actual));
    if (auto difference = compare_error("throws", e, a)) {
        return difference;
    }
    if (e.contains("throws")) {
        return std::nullopt;
    }
    if (auto difference = compare_last_values(e.at("topics"), a.at("topics"))) {
        return difference;
    }
    return compare_stores(e.at("stores"), a.at("stores"));
}

std::optional<std::string> first_difference(const Json& expected, const Json& actual) {
    for (const char* what : {"build_throws", "init_throws"}) {
        if (auto difference = compare_error(what, expected, actual)) {
            return difference;
        }
    }
    if (expected.contains("build_throws")) {
        return std::nullopt;
    }
    if (auto difference = compare_describe(expected, actual)) {
        return difference;
    }
    if (list(expected, "init_log") != list(actual, "init_log")) {
        return "init_log: expected " + list(expected, "init_log").dump() + ", got " +
               list(actual, "init_log").dump();
    }
    if (auto difference = compare_steps(expected, actual)) {
        return difference;
    }
    const Json& steps = list(expected, "steps");
    const bool threw = std::any_of(steps.begin(), steps.end(),
                                   [](const Json& step) { return step.contains("throws"); });
    static const Json none = Json::object();
    return threw ? std::nullopt
                 : compare_stores(expected.contains("stores") ? expected.at("stores") : none,
                                  actual.contains("stores") ? actual.at("stores") : none);
}

}  // namespace millrace::parity
