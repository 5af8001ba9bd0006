// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/store_checks.hpp"

#include "millrace/core/error.hpp"
#include "millrace/detail/graph/topology_spec.hpp"
#include "testing/simulation/changelog.hpp"
#include "testing/simulation/printed_bytes.hpp"
#include "testing/simulation/store_rows.hpp"
#include "topology/sub_topologies.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace millrace::testing::simulated {

namespace {

using detail::StoreSpec;
using Changes = std::vector<Change>;

/// The content of a store after some records of its changelog.
struct Fold {
    StoreRows rows{};
    std::int64_t first_live = 0;  ///< Rows of earlier times have expired.
};

/// After all records before `all_until`, and those of `owner` from there on.
Fold fold(const StoreSpec& store, const Changes& changes, std::size_t all_until,
          const std::string& owner) {
    Fold result;
    std::map<Bytes, Bytes> last;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const Change& change = changes[i];
        if (i >= all_until && change.producer != owner) {
            continue;
        }
        if (change.value) {
            last[change.key] = *change.value;
        } else {
            last.erase(change.key);
        }
        const auto time = row_time(store, row_key(store, change.key));
        result.first_live =
            std::max(result.first_live, time.value_or(0) - store.retention.count() + 1);
    }
    for (const auto& [key, value] : last) {
        result.rows[row_key(store, key)].insert(value);
    }
    return result;
}

std::string printed_values(const std::multiset<Bytes>& values) {
    std::string text;
    for (const Bytes& value : values) {
        text += (text.empty() ? "" : ", ") + printed(BytesView(value));
    }
    return "[" + text + "]";
}

std::string printed_key(const Bytes& key) {
    return printed(BytesView(key));
}

std::vector<std::string> differences(const StoreSpec& store, const Fold& expected,
                                     const StoreRows& rows) {
    std::vector<std::string> found;
    const std::string name = "store " + store.name;
    for (const auto& [key, values] : expected.rows) {
        const auto row = rows.find(key);
        const auto time = row_time(store, key);
        if (row != rows.end() && row->second != values) {
            found.push_back(name + " has other values than its changelog: " + printed_key(key) +
                            ": " + printed_values(row->second) + " instead of " +
                            printed_values(values));
        } else if (row == rows.end() && (!time || *time >= expected.first_live)) {
            found.push_back(name + " misses a row of its changelog: " + printed_key(key) + " = " +
                            printed_values(values));
        }
    }
    for (const auto& [key, values] : rows) {
        if (!expected.rows.contains(key)) {
            found.push_back(name + " has a row that its changelog has not: " + printed_key(key) +
                            " = " + printed_values(values));
        }
    }
    return found;
}

class StoreCheck {
  public:
    StoreCheck(embedded::Cluster& cluster, const std::vector<RunningClient>& clients, bool zombies)
        : cluster_(cluster), clients_(clients), zombies_(zombies) {}

    void check_global(const detail::GlobalStoreSpec& store) {
        Fold expected;
        for (const Changes& changes : changes_of(store.topic)) {
            expected.rows.merge(fold(store.store, changes, changes.size(), {}).rows);
        }
        for (const RunningClient& client : clients_) {
            StoreRows rows;
            if (read(client, store.store, rows)) {
                add(differences(store.store, expected, rows));
            }
        }
    }

    /// A store of the tasks of that sub-topology.
    void check(const StoreSpec& store, std::int32_t sub_topology, const std::string& changelog) {
        const std::vector<Changes> partitions = changes_of(changelog);
        const auto before = owners(sub_topology, partitions.size());
        StoreRows rows;
        bool complete = before.has_value();
        for (const RunningClient& client : clients_) {
            complete = (read(client, store, rows) || !has_tasks(client, sub_topology)) && complete;
        }
        if (!complete || owners(sub_topology, partitions.size()) != before) {
            return add({"tasks with store " + store.name + " do not run"});
        }
        for (std::size_t i = 0; i < partitions.size(); ++i) {
            StoreRows of_partition;
            for (const Change& change : partitions[i]) {
                if (auto row = rows.extract(row_key(store, change.key))) {
                    of_partition.insert(std::move(row));
                }
            }
            check_partition(store, partitions[i], of_partition, (*before)[i]);
        }
        add(differences(store, {}, rows));
    }

    std::vector<std::string> take() { return std::move(found_); }

  private:
    std::vector<Changes> changes_of(const std::string& topic) const {
        std::size_t partitions = 0;
        {
            const auto lock = cluster_.lock();
            const auto found = cluster_.topics().find(topic);
            partitions = found == nullptr ? 0 : found->partitions.size();
        }
        std::vector<Changes> changes;
        for (std::size_t i = 0; i < partitions; ++i) {
            changes.push_back(committed_changes(cluster_, {topic, static_cast<Partition>(i)}));
        }
        return changes;
    }

    /// False if the client has no task with the store, or restores one.
    bool read(const RunningClient& client, const StoreSpec& store, StoreRows& rows) {
        try {
            add_rows(*client.client, store, rows);
            return true;
        } catch (const StateError&) {
            return false;
        }
    }

    static bool has_tasks(const RunningClient& client, std::int32_t sub_topology) {
        const auto threads = client.client->metadata_for_local_threads();
        return std::any_of(threads.begin(), threads.end(), [&](const ThreadMetadata& thread) {
            return std::any_of(thread.tasks.begin(), thread.tasks.end(), [&](const auto& task) {
                return task.id.sub_topology == sub_topology;
            });
        });
    }

    /// The producers of the threads that run the tasks, by partition. Empty if a task does not run
    /// on exactly one.
    std::optional<std::vector<std::string>> owners(std::int32_t sub_topology,
                                                   std::size_t partitions) const {
        std::vector<std::string> found(partitions);
        for (const RunningClient& client : clients_) {
            for (const ThreadMetadata& thread : client.client->metadata_for_local_threads()) {
                for (const TaskMetadata& task : thread.tasks) {
                    if (task.id.sub_topology != sub_topology || !task.running) {
                        continue;
                    }
                    std::string& owner = found.at(static_cast<std::size_t>(task.id.partition));
                    if (!owner.empty()) {
                        return std::nullopt;
                    }
                    owner = thread.name + "-producer" + client.suffix;
                }
            }
        }
        const bool all = std::none_of(found.begin(), found.end(),
                                      [](const std::string& owner) { return owner.empty(); });
        return all ? std::optional(std::move(found)) : std::nullopt;
    }

    void check_partition(const StoreSpec& store, const Changes& changes, const StoreRows& rows,
                         const std::string& owner) {
        auto found = differences(store, fold(store, changes, changes.size(), owner), rows);
        for (std::size_t i = 0; i < changes.size() && zombies_ && !found.empty(); ++i) {
            if (changes[i].producer != owner &&
                differences(store, fold(store, changes, i, owner), rows).empty()) {
                return;
            }
        }
        add(std::move(found));
    }

    void add(std::vector<std::string> differences) {
        found_.insert(found_.end(), std::make_move_iterator(differences.begin()),
                      std::make_move_iterator(differences.end()));
    }

    embedded::Cluster& cluster_;
    const std::vector<RunningClient>& clients_;
    const bool zombies_;
    std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> store_differences(const Topology& topology,
                                           const std::string& application_id,
                                           const EmbeddedBroker& broker,
                                           const std::vector<RunningClient>& clients,
                                           bool zombies) {
    const auto cluster = embedded::ClusterAccess::of(broker);
    StoreCheck check(*cluster, clients, zombies);
    for (const auto& store : topology.spec().global_stores) {
        check.check_global(store);
    }
    for (const auto& part : topology::split(topology.spec(), application_id).sub_topologies) {
        for (const std::size_t index : part.stores) {
            const StoreSpec& store = topology.spec().stores[index];
            const auto changelog = part.changelogs.find(store.name);
            if (readable(store) && changelog != part.changelogs.end()) {
                check.check(store, part.id, changelog->second.name);
            } else if (readable(store) && !store.source_topic.empty()) {
                check.check(store, part.id, store.source_topic);
            }
        }
    }
    return check.take();
}

}  // namespace millrace::testing::simulated
