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

/// A setting of Millrace; not empty if Kafka Streams' bugs are not to be reproduced.
inline constexpr const char* kWithoutDefects = "parity.without.defects";

/// Another configuration for a case. Its results must be the same, except those that may_change.txt
/// lists.
struct Variant {
    bool exchange_stores = false;  ///< Stores on disk are in memory, and the reverse.
    std::optional<bool> cache{};   ///< The record cache is on, or off.
    bool without_defects = false;  ///< As users run it. The cases contain Kafka Streams' bugs, too.
    bool tiny_limits = false;      ///< A cache for a few rows, and commits after a few bytes of
                                   ///< uncommitted writes, not after each record.
    bool wrapped = false;          ///< Every processor is in a wrapper that only calls it.

    /// Reads "--exchange-stores", "--cache=on", "--cache=off", "--tiny-limits" and "--wrapped".
    /// False for any other text.
    bool parse(const std::string& option);

    bool any() const { return exchange_stores || cache || tiny_limits || wrapped; }

    /// Whether it changes anything for that case.
    bool changes(const Json& recorded) const;

    /// Whether results may be combined differently, so that only the final state is compared.
    bool only_end_counts() const { return cache || tiny_limits; }

    /// The options as on the command line.
    std::vector<std::string> options() const;

    Settings settings(Settings recorded) const;
    Topology topology(const Topology& recorded, const Settings& settings) const;
    testing::DriverOptions driver(const Settings& settings) const;
};

/// Which parts of a case must stay the same in another configuration.
enum class Compared {
    kAll,
    kValues,      ///< All but times.
    kLastValues,  ///< Last values of topics, without times.
    kStores,      ///< The content of stores.
    kNothing,
};

/// A case without its order of events: the content of the stores, and the last value of each key of
/// each topic that is not internal. Rows without a value are omitted.
Json end_of(const Json& result);

/// The parts of such a final state that are compared.
Json reduced_to(Compared compared, Json end);

/// A case without the content of its window stores: on disk, rows are kept until their segment has
/// expired and are ordered by key; in memory, they expire one by one and are ordered by time. The
/// changelogs still show what was put.
Json without_windows(Json result);

/// The results that may differ, from a file with lines "option case compared reason". A case is the
/// name of a scenario, or "scenario/seed"; it may end in "*".
class Exceptions {
  public:
    /// Throws std::runtime_error if the file does not exist or a line is incomplete.
    explicit Exceptions(const std::filesystem::path& file);

    /// From the first line that matches the case; all parts if none does.
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
