// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "kafka/admin.hpp"
#include "kafka/client_supplier.hpp"
#include "kafka/consumer.hpp"
#include "millrace/state/restore_listener.hpp"
#include "runtime/global/global_stores.hpp"
#include "runtime/global/global_task.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::runtime {

/// Fills the global stores: reads all partitions of their topics with a consumer that never joins a
/// group, first to the end, then on and on.
///
/// Driven turn by turn, as StreamThread. One thread at a time drives it; wake_up and stores are
/// thread-safe.
/// Errors: run_once throws KafkaError when a topic is missing or cannot be read, and what
/// GlobalTask and the restore listener throw.
class GlobalThread final : private kafka::ConsumerListener {
  public:
    struct Parts {
        const topology::ApplicationTopology* application = nullptr;  ///< Must outlive the thread,
        kafka::Admin* admin = nullptr;                               ///< as these two.
        const Clock* clock = nullptr;
        std::shared_ptr<kafka::ClientSupplier> supplier{};
        kafka::ClientSettings consumer_settings{};
        std::unique_ptr<state::TaskStores> stores{};  ///< Of the global stores, not processing.
        std::shared_ptr<const TaskSettings> settings{};
        std::chrono::milliseconds request_timeout{10'000};
    };

    explicit GlobalThread(Parts parts);
    ~GlobalThread() override;

    GlobalStores& stores() noexcept { return views_; }

    /// Told of the first reading of each partition as of a restore. Before the first turn.
    void set_restore_listener(StateRestoreListener listener) { listener_ = std::move(listener); }

    /// True once everything that was in the topics at the first turn has been worked on.
    bool caught_up();

    /// Grows whenever the first reading gets on.
    std::uint64_t progress() const noexcept { return progress_; }

    /// Works on what has arrived, waiting up to `wait` for it.
    void run_once(std::chrono::milliseconds wait);

    void wake_up() { consumer_->wake_up(); }

    /// Makes everything durable. Idempotent; does not throw.
    void close();

  private:
    struct Input {
        TopicPartition partition;
        std::size_t topic = 0;     // Index into the task's topics.
        Offset end = 0;            // When the first turn began.
        Offset next = 0;           // All before it is in the store.
        std::int64_t records = 0;  // Of the first reading.
        bool complete = false;     // It is over.
    };

    std::vector<kafka::StartPosition> on_assigned(const std::vector<TopicPartition>&) override {
        return {};
    }
    void on_revoked(const std::vector<TopicPartition>&) override {}
    void on_lost(const std::vector<TopicPartition>&) override {}
    void on_partition_error(const TopicPartition& partition, const kafka::Status& status) override;
    void on_error(const kafka::Status& status) override;

    bool prepare();
    bool answered(const kafka::Status& status);
    bool read(Input& input);
    void update(Input& input);
    void got_on(Input& input, std::size_t records);
    const std::string& store_of(const Input& input) const;
    void commit();
    void complain(const std::string& what);

    Parts parts_;
    StateRestoreListener listener_;
    std::uint64_t progress_ = 0;
    GlobalTask task_;
    GlobalStores views_;
    std::vector<Input> inputs_;
    bool prepared_ = false;
    bool closed_ = false;
    bool dirty_ = false;
    std::string failure_;
    // Of Clock::monotonic(), as the wall clock may be set.
    std::chrono::nanoseconds last_commit_{0};
    std::optional<std::chrono::nanoseconds> last_complaint_;
    std::unique_ptr<kafka::Consumer> consumer_;
    std::vector<kafka::Message> messages_;  // Reused; gone before the consumer.
};

}  // namespace millrace::runtime
