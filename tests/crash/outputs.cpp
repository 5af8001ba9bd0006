// SPDX-License-Identifier: Apache-2.0
#include "crash/outputs.hpp"

#include "crash/crash_run.hpp"

#include <algorithm>

namespace millrace::crash {

namespace {

constexpr std::size_t kNumberSize = 8;

std::int64_t number_of(const Bytes& bytes) {
    std::uint64_t number = 0;
    for (const char byte : bytes) {
        number = number << 8U | static_cast<unsigned char>(byte);
    }
    return static_cast<std::int64_t>(number);
}

std::string text_of(const NullableOwnedBytes& value) {
    if (!value) {
        return "null";
    }
    const bool number = value->size() == kNumberSize && value->front() == '\0';
    return number ? std::to_string(number_of(*value)) : std::string(*value);
}

std::string joined(const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values) {
        text += (text.empty() ? "" : " ") + value;
    }
    return "[" + text + "]";
}

bool growing(const std::vector<std::string>& values) {
    return std::adjacent_find(values.begin(), values.end(), [](const auto& one, const auto& next) {
               return std::stoll(one) >= std::stoll(next);
           }) == values.end();
}

std::vector<std::string> sorted(std::vector<std::string> values) {
    std::sort(values.begin(), values.end());
    return values;
}

bool matches(Match how, const std::vector<std::string>& expected,
             const std::vector<std::string>& actual) {
    switch (how) {
        case Match::kSequence:
            return actual == expected;
        case Match::kSet:
            return sorted(actual) == sorted(expected);
        case Match::kGrowing:
            return !actual.empty() && growing(actual) && actual.back() == expected.back();
    }
    return false;
}

/// Counts may be too high, and results may be repeated, but none may be missing.
bool nothing_lost(Match how, const std::vector<std::string>& expected,
                  const std::vector<std::string>& actual) {
    if (actual.empty()) {
        return false;
    }
    if (how == Match::kGrowing) {
        return std::stoll(actual.back()) >= std::stoll(expected.back());
    }
    const auto is_count = [](const std::string& value) {
        return !value.empty() && std::all_of(value.begin(), value.end(),
                                             [](unsigned char c) { return std::isdigit(c) != 0; });
    };
    if (std::all_of(expected.begin(), expected.end(), is_count)) {
        return std::stoll(actual.back()) >= std::stoll(expected.back());
    }
    const std::vector<std::string> all = sorted(actual);
    return std::all_of(expected.begin(), expected.end(), [&](const std::string& value) {
        return std::binary_search(all.begin(), all.end(), value);
    });
}

}  // namespace

Values values_of(const testing::EmbeddedBroker& broker, const std::string& topic) {
    Values values;
    for (const auto& record : broker.records(topic)) {
        values[std::string(record.key.value_or("null"))].push_back(text_of(record.value));
    }
    return values;
}

bool all_committed(const testing::EmbeddedBroker& broker, const Workload& workload) {
    const auto committed = broker.committed_offsets("app");
    const auto reached = [&](const TopicPartition& partition) {
        const auto records = broker.records(partition);
        const auto found = committed.find(partition);
        return records.empty() ||
               (found != committed.end() && found->second > records.back().offset);
    };
    const auto topics = broker.topics();
    return std::all_of(topics.begin(), topics.end(), [&](const auto& topic) {
        const auto& [name, partitions] = topic;
        if (!workload.inputs.contains(name) && !name.ends_with("-repartition")) {
            return true;
        }
        for (Partition p = 0; p < partitions; ++p) {
            if (!reached({name, p})) {
                return false;
            }
        }
        return true;
    });
}

std::vector<std::string> differences_from_changelog(
    const testing::EmbeddedBroker& broker, const std::string& changelog,
    const std::map<std::string, std::int64_t>& store) {
    std::map<std::string, std::int64_t> rows;
    for (const auto& record : broker.records(changelog)) {
        rows[std::string(*record.key)] = record.value ? number_of(*record.value) : -1;
    }
    std::vector<std::string> found;
    for (const auto& [key, count] : rows) {
        const auto stored = store.find(key);
        const std::int64_t has = stored == store.end() ? -1 : stored->second;
        if (has != count) {
            found.push_back(changelog + ": the last row of " + key + " is " +
                            std::to_string(count) + ", the store has " + std::to_string(has));
        }
    }
    if (rows.size() != store.size()) {
        found.push_back(changelog + ": " + std::to_string(rows.size()) + " keys, the store has " +
                        std::to_string(store.size()));
    }
    return found;
}

std::map<TopicPartition, Offset> changelog_ends(const testing::EmbeddedBroker& broker,
                                                const Workload& workload) {
    std::map<TopicPartition, Offset> ends;
    const auto topics = broker.topics();
    for (const std::string& store : workload.disk_stores) {
        const std::string topic = "app-" + store + "-changelog";
        const auto found = topics.find(topic);
        for (Partition p = 0; found != topics.end() && p < found->second; ++p) {
            if (const auto records = broker.records(TopicPartition{topic, p}); !records.empty()) {
                ends[{topic, p}] = records.back().offset + 1;
            }
        }
    }
    return ends;
}

std::vector<std::string> differences(const Workload& workload, ProcessingGuarantee guarantee,
                                     const Outcome& undisturbed, const Outcome& disturbed) {
    std::vector<std::string> found;
    const bool exactly_once = guarantee == ProcessingGuarantee::kExactlyOnceV2;
    for (const auto& [topic, how] : workload.outputs) {
        const Values& expected = undisturbed.outputs.at(topic);
        const Values& actual = disturbed.outputs.at(topic);
        for (const auto& [key, values] : expected) {
            const auto entry = actual.find(key);
            const std::vector<std::string> got =
                entry == actual.end() ? std::vector<std::string>{} : entry->second;
            if (exactly_once ? !matches(how, values, got) : !nothing_lost(how, values, got)) {
                found.push_back("topic " + topic + ", key " + key + ": " + joined(got) +
                                " instead of " + joined(values));
            }
        }
        for (const auto& [key, values] : actual) {
            if (!expected.contains(key)) {
                found.push_back("topic " + topic + ", key " + key + ": " + joined(values) +
                                ", without any in an undisturbed run");
            }
        }
    }
    return found;
}

}  // namespace millrace::crash
