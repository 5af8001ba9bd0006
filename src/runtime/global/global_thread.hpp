// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/driven.hpp"
#include "core/rate_limited_log.hpp"
#include "kafka/admin.hpp"
#include "kafka/client_supplier.hpp"
#include "kafka/consumer.hpp"
#include "millrace/state/restore_listener.hpp"
#include "runtime/global/first_reading.hpp"
#include "runtime/global/global_commits.hpp"
#include "runtime/global/global_input.hpp"
#include "runtime/global/global_start.hpp"
#include "runtime/global/global_stores.hpp"
#include "runtime/global/global_task.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace millrace::runtime {

/// Fills the global stores: reads all partitions of their topics with a consumer that never joins a
/// group, first to the end, then continuously.
///
/// Reading resumes at the positions that are stored with the rows. It starts at the beginning, with
/// an empty store, if the topic no longer has these positions or may have lost tombstones since.
/// Positions and rows are flushed together, about every statestore.flush.interval.ms and at the
/// close.
///
/// Driven turn by turn, as StreamThread. One thread at a time drives it; wake_up and stores are
/// thread-safe.
/// Errors: run_once throws KafkaError if a topic is missing or cannot be read, or if unread records
/// were deleted; StateCorrupted if the stores' files are damaged; and what GlobalTask and the
/// restore listener throw. After deleted records and damaged files, the next start rebuilds the
/// store.
class GlobalThread final : public Driven, private kafka::ConsumerListener {
  public:
    struct Parts {
        const topology::ApplicationTopology* application = nullptr;  ///< Must outlive the thread,
        kafka::Admin* admin = nullptr;                               ///< as these two.
        const Clock* clock = nullptr;
        std::shared_ptr<kafka::ClientSupplier> supplier{};
        kafka::ClientSettings consumer_settings{};
        std::unique_ptr<state::TaskStores> stores{};  ///< The global stores, not processing.
        std::shared_ptr<const TaskSettings> settings{};
        std::shared_ptr<metrics::Counter> dropped{};  ///< Counts skipped records; may be null.
        std::chrono::milliseconds request_timeout{10'000};
        std::chrono::milliseconds poll{100};  ///< How long a turn waits for records.
    };

    explicit GlobalThread(Parts parts);
    ~GlobalThread() override;

    GlobalStores& stores() noexcept { return views_; }

    /// They get the progress of the first reading of each partition, as of a restore. `progress`
    /// must outlive the thread. Set them before the first round.
    void set_restore_reports(StateRestoreListener listener, restore::ProgressBoard* progress) {
        first_reading_.set_reports(std::move(listener), progress);
    }

    /// True when everything that was in the topics in the first round has been processed.
    bool caught_up();

    /// Increases whenever the first reading makes progress.
    std::uint64_t progress() const noexcept { return first_reading_.progress(); }

    /// Processes available records; waits for records if there are none.
    std::chrono::milliseconds run_once(Timestamp now) override;

    void wake_up() override { consumer_->wake_up(); }

    /// Makes everything durable. Idempotent; does not throw.
    void close();

  private:
    std::vector<kafka::StartPosition> on_assigned(const std::vector<TopicPartition>&) override {
        return {};
    }
    void on_revoked(const std::vector<TopicPartition>&) override {}
    void on_lost(const std::vector<TopicPartition>&) override {}
    void on_partition_error(const TopicPartition& partition, const kafka::Status& status) override;
    void on_error(const kafka::Status& status) override;

    void turn();
    bool prepare();
    void begin();
    bool read(GlobalInput& input);
    void update(GlobalInput& input);
    void passed(GlobalInput& input, Offset next, std::int32_t epoch);
    void advanced(GlobalInput& input, std::size_t records);
    void lost_records(const TopicPartition& partition, const std::string& why);
    void start_again();
    const std::string& store_of(const GlobalInput& input) const;

    Parts parts_;
    RateLimitedLog log_;
    GlobalTask task_;
    GlobalStores views_;
    std::unique_ptr<kafka::Consumer> consumer_;
    GlobalInputs inputs_;
    GlobalStart start_;
    GlobalCommits commits_;
    FirstReading first_reading_;
    bool prepared_ = false;
    bool started_ = false;
    bool closed_ = false;
    bool torn_ = false;     // The stores may have part of a record's changes.
    bool damaged_ = false;  // The stores' files.
    std::string failure_;
    std::vector<kafka::Message> messages_;  // Reused buffer; destroyed before the consumer.
};

}  // namespace millrace::runtime
