// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread_annotations.hpp"
#include "restore/restorer.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::restore {

/// The most records that are applied at once.
inline constexpr std::size_t kBatchRecords = 8192;

/// Stores the consumer's errors until the restorer's own code runs again.
class Restorer::Listener final : public kafka::ConsumerListener {
  public:
    std::vector<kafka::StartPosition> on_assigned(const std::vector<TopicPartition>&) override {
        return {};
    }
    void on_revoked(const std::vector<TopicPartition>&) override {}
    void on_lost(const std::vector<TopicPartition>&) override {}
    void on_partition_error(const TopicPartition& partition, const kafka::Status& status) override {
        errors.emplace_back(partition, status);
    }
    void on_error(const kafka::Status& status) override { last_error = status.message(); }

    std::vector<std::pair<TopicPartition, kafka::Status>> errors;
    std::string last_error;
};

/// A task that is being restored, or a standby. Used by the restore thread, which accesses the
/// stores under `mutex`, and not after the task was cancelled, nor while it is held. What promotion
/// changes is guarded by `mutex`, too.
struct Restorer::Task {
    const void* owner = nullptr;
    TaskId id{};
    std::size_t stores_to_restore = 0;
    state::TaskStores* stores = nullptr;
    RestoreMailbox mailbox{};

    Mutex mutex{};
    std::atomic<bool> cancelled{false};  ///< The stores belong to the owner again, or will soon.
    std::atomic<bool> standby{false};    ///< Its changelogs have no end offset.
    bool held = false;                   ///< The owner uses the stores; see Restorer::hold.
    std::atomic<bool> prepared{false};
    std::chrono::nanoseconds prepared_at{0};  ///< Of Clock::monotonic().
    int promotions = 0;  ///< Detects that a request for end offsets is outdated.
    std::vector<Changelog> changelogs{};

    std::shared_ptr<metrics::Gauge> remaining{};  ///< Not of standbys.

    /// When open transactions were last looked up, of Clock::monotonic().
    std::optional<std::chrono::nanoseconds> transactions_looked_up{};

    bool complete() const {
        return std::all_of(changelogs.begin(), changelogs.end(), [](const Changelog& changelog) {
            return changelog.phase == Phase::kDone;
        });
    }
};

}  // namespace millrace::restore
