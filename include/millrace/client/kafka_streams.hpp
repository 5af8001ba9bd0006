// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/state_listener.hpp"
#include "millrace/client/stream_metadata.hpp"
#include "millrace/client/streams_config.hpp"
#include "millrace/metrics/metric.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/state/restore_progress.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

namespace kafka {
class ClientSupplier;
}  // namespace kafka

namespace detail {
class StoreReader;
}  // namespace detail

/// Decides what follows an error that ends a stream thread. Called by that thread. An error of a
/// restore thread or the global thread always shuts the client down. An exception of the handler is
/// logged and counts as kShutDownClient.
using UncaughtExceptionHandler = std::function<UncaughtDecision(const std::exception&)>;

/// How a client closes.
struct CloseOptions {
    std::chrono::milliseconds timeout = std::chrono::minutes{1};

    /// True: leaves the group, so that other members get its tasks at once. False: the group keeps
    /// the client's tasks for it until session.timeout.ms has passed. Empty: a static client (with
    /// group.instance.id) stays and gets its tasks back without a rebalance if it returns within
    /// that time; another client leaves, because it would have to wait for that timeout itself.
    std::optional<bool> leave_group{};
};

/// One instance of an application: runs a topology on stream threads in this process. Instances
/// with the same application.id share the work, wherever they run.
///
///     KafkaStreams streams(topology, config);
///     streams.start();
///     ...
///     streams.close(30s);
///
/// Lifetime: a client that is destroyed without close() ends like a crash: nothing is committed,
/// and the group notices after session.timeout.ms. A processor, handler or listener may destroy its
/// client, except a listener that is called within start() or close(); the client then ends in the
/// background. Threads: thread-safe, except the set_ functions.
/// Errors: the constructor throws ConfigError, and StateError if the state directory cannot be used
/// or belongs to a running process. Later errors go to the uncaught-exception handler.
class KafkaStreams {
  public:
    /// `clients` replaces the brokers of the configuration: EmbeddedBroker::clients().
    KafkaStreams(const Topology& topology, const StreamsConfig& config,
                 std::shared_ptr<kafka::ClientSupplier> clients = nullptr);
    KafkaStreams(const KafkaStreams&) = delete;
    KafkaStreams& operator=(const KafkaStreams&) = delete;
    ~KafkaStreams();

    /// Set it before start(); later calls throw Error with kind kInvalidArgument.
    void set_state_listener(StateListener listener);
    void set_uncaught_exception_handler(UncaughtExceptionHandler handler);
    void set_state_restore_listener(StateRestoreListener listener);
    void set_standby_update_listener(StandbyUpdateListener listener);

    /// Starts the threads. First reads global stores completely, as long as that makes progress
    /// within task.timeout.ms. Everything else happens in the background: an unreachable cluster is
    /// retried. A second call throws Error with kind kInvalidArgument. Throws the error of reading
    /// the global stores; the client is in kError then.
    void start();

    /// Commits, leaves the group (see CloseOptions) and stops. Returns false if not finished within
    /// `timeout`; shutdown then continues in the background. Does not wait with a timeout of zero,
    /// or if a thread of this client calls it (from a processor, handler or listener). Idempotent.
    bool close(std::chrono::milliseconds timeout = std::chrono::minutes{1});
    bool close(const CloseOptions& options);

    /// Deletes this application's local state, which the next start rebuilds from Kafka. Must be
    /// called before start() or after close(); otherwise throws Error with kind kInvalidArgument.
    void clean_up();

    ClientState state() const;

    /// Waits until the client is in that state, or can no longer reach it. True if it is in that
    /// state.
    bool wait_for(ClientState state, std::chrono::milliseconds timeout) const;

    /// Starts one more thread and returns its name; empty unless the client is running or
    /// rebalancing, and while start() has not returned.
    std::optional<std::string> add_stream_thread();

    /// Ends the newest thread, which leaves the group even if it is a static member, and returns
    /// its name; empty if there is none, or if it did not end within `timeout` (it still ends in
    /// the background). A stream thread that calls this ends another one if there is one.
    std::optional<std::string> remove_stream_thread(
        std::chrono::milliseconds timeout = std::chrono::minutes{1});

    /// Pauses processing, punctuation, restoring and standbys until resume(). Membership, commits
    /// and global stores continue.
    void pause();
    void resume();
    bool is_paused() const;

    std::vector<ThreadMetadata> metadata_for_local_threads() const;
    std::vector<ClientMetric> metrics() const;

    /// The partitions of stores that are being restored at the moment, ordered by task, store and
    /// partition; also those of global stores that start() reads. Empty if all are complete, and
    /// before start() and after close(). Standbys are not listed. Never waits for a restore, and
    /// may be called from any thread and any callback. The lags of allLocalStorePartitionLags
    /// (KIP-535), of restores only, with rates.
    std::vector<RestoreProgress> restore_progress() const;

    /// Read access to a local store: `Store` is ReadOnlyKeyValueStore<K, V>, ReadOnlyWindowStore<K,
    /// V> or ReadOnlySessionStore<K, V>, see query.hpp. It reads all tasks of this instance that
    /// have the store, and must not outlive the client. Keys and values are read with the store's
    /// serdes. Throws StateError if this instance has no such store, or if its keys or values have
    /// other types.
    template <class Store>
    Store store(const std::string& name) const {
        return Store(reader(name));
    }

    /// The same, read with `serdes`, which may differ from those of the topology.
    template <class Store>
    Store store(const std::string& name, typename Store::Serdes serdes) const {
        return Store(reader(name), std::move(serdes));
    }

  private:
    class Implementation;

    std::shared_ptr<const detail::StoreReader> reader(const std::string& name) const;

    std::unique_ptr<Implementation> implementation_;
};

}  // namespace millrace
