// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/testing/topology_test_driver.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::parity {

using Settings = std::map<std::string, std::string>;

/// A setting of ours, not empty where Kafka Streams' defects are not to be reproduced.
inline constexpr const char* kWithoutDefects = "parity.without.defects";

/// Another way to run a case, by which its results must be the same but for what may_change.txt
/// lists.
struct Variant {
    bool exchange_stores = false;  ///< What was on disk is in memory, and the other way round.
    std::optional<bool> cache{};   ///< The record cache is on, or off.
    bool without_defects = false;  ///< As users run it. The cases show Kafka Streams' defects, too.
    bool tiny_limits = false;  ///< A cache for a few rows, and commits when a few bytes wait for
                               ///< one rather than after each record.
    bool wrapped = false;      ///< Every processor is in a wrapper that only goes on to it.

    /// Reads "--exchange-stores", "--cache=on", "--cache=off", "--tiny-limits" and "--wrapped".
    /// False: none of them.
    bool parse(const std::string& option);

    bool any() const { return exchange_stores || cache || tiny_limits || wrapped; }

    /// Whether it is another way to run that case at all.
    bool changes(const Json& recorded) const;

    /// Whether outputs may be bundled differently, so that only what remains in the end counts.
    bool only_end_counts() const { return cache || tiny_limits; }

    /// The options, as they are written.
    std::vector<std::string> options() const;

    Settings settings(Settings recorded) const;
    Topology topology(const Topology& recorded, const Settings& settings) const;
    testing::DriverOptions driver(const Settings& settings) const;
};

/// How much of a case must stay the same in another way to run it.
enum class Compared {
    kAll,
    kValues,      ///< All but times.
    kLastValues,  ///< Last values of topics, without times.
    kStores,      ///< The content of stores.
    kNothing,
};

/// A case without its order of events: what is in the stores, and the last value of each key of
/// each topic that is not internal. Rows without a value count as none.
Json end_of(const Json& result);

/// What is left of such an end to be compared.
Json reduced_to(Compared compared, Json end);

/// A case that does not show what is in its window stores: on disk, rows are kept until their
/// segment has expired and are in order of key; in memory, they expire one by one and are in order
/// of time. What was put shows in the changelogs.
Json without_windows(Json result);

/// Where results may differ, as listed in a file with lines "option case compared reason". A case
/// is the name of a scenario, or "scenario/seed"; it may end in "*".
class Exceptions {
  public:
    /// Throws std::runtime_error when there is no such file or a line is not complete.
    explicit Exceptions(const std::filesystem::path& file);

    /// By the first line that is about such a case; all, when there is none.
    Compared compared(const Variant& variant, const std::string& scenario, int seed) const;

  private:
    struct Exception {
        std::string option;
        std::string pattern;
        Compared compared = Compared::kAll;
    };
    std::vector<Exception> exceptions_;
};

}  // namespace millrace::parity
