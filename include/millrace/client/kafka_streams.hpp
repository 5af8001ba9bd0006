// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/state_listener.hpp"
#include "millrace/client/stream_metadata.hpp"
#include "millrace/client/streams_config.hpp"
#include "millrace/metrics/metric.hpp"
#include "millrace/processor/topology.hpp"

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

/// Decides what happens after an error that ends a stream thread. Called by that thread. Of the
/// threads that read global stores and restore, only the end of the client is possible. What the
/// handler throws is logged and counts as kShutDownClient.
using UncaughtExceptionHandler = std::function<UncaughtDecision(const std::exception&)>;

/// How a client closes.
struct CloseOptions {
    std::chrono::milliseconds timeout = std::chrono::minutes{1};

    /// False: the group keeps this client's partitions until session.timeout.ms is over, so that
    /// nobody takes its tasks over meanwhile. Clients with a group.instance.id never leave, and
    /// have their tasks back at once when they are started again; others wait for that time-out as
    /// well.
    bool leave_group = true;
};

/// One instance of an application: runs a topology on stream threads in this process. Instances
/// with the same application.id, wherever they run, share the work.
///
///     KafkaStreams streams(topology, config);
///     streams.start();
///     ...
///     streams.close(30s);
///
/// Lifetime: the destructor of a client that was not closed ends it as a crash would: nothing is
/// committed and the group notices after session.timeout.ms. Call close().
/// Threads: thread-safe, but for the set_ functions.
/// Errors: the constructor throws ConfigError, and StateError when the state directory cannot be
/// used or belongs to a running process. What happens later goes to the uncaught-exception handler.
class KafkaStreams {
  public:
    /// `clients` connects to something other than the brokers of the configuration:
    /// EmbeddedBroker::clients().
    KafkaStreams(const Topology& topology, const StreamsConfig& config,
                 std::shared_ptr<kafka::ClientSupplier> clients = nullptr);
    KafkaStreams(const KafkaStreams&) = delete;
    KafkaStreams& operator=(const KafkaStreams&) = delete;
    ~KafkaStreams();

    /// To be set before start(); throws Error of kind kInvalidArgument afterwards.
    void set_state_listener(StateListener listener);
    void set_uncaught_exception_handler(UncaughtExceptionHandler handler);
    void set_state_restore_listener(StateRestoreListener listener);

    /// Starts the threads. Global stores are read completely first, as long as that gets on within
    /// task.timeout.ms; everything else happens in the background: an unreachable cluster is tried
    /// again and again. Once only; throws Error of kind kInvalidArgument otherwise. Throws what
    /// reading the global stores fails with; the client is in kError then.
    void start();

    /// Commits, leaves the group and stops. False when the client has not ended after `timeout`; it
    /// still goes on then, and ends by itself. With a timeout of zero, or called by a thread of
    /// this client (from a processor, handler or listener), it does not wait. Idempotent.
    bool close(std::chrono::milliseconds timeout = std::chrono::minutes{1});
    bool close(const CloseOptions& options);

    /// Deletes this application's local state, which is rebuilt from Kafka at the next start.
    /// Before start() or after close(); throws Error of kind kInvalidArgument otherwise.
    void clean_up();

    ClientState state() const;

    /// Waits until the client is in that state, or has ended in another. True when it is in it.
    bool wait_for(ClientState state, std::chrono::milliseconds timeout) const;

    /// Starts one more thread and returns its name; nothing unless running or rebalancing.
    std::optional<std::string> add_stream_thread();

    /// Ends one thread, the newest, and returns its name; nothing when there is none or it did not
    /// end within `timeout` (it still will).
    std::optional<std::string> remove_stream_thread(
        std::chrono::milliseconds timeout = std::chrono::minutes{1});

    /// Stops processing, punctuation and the restoring of state until resume(). Membership, commits
    /// and global stores go on.
    void pause();
    void resume();
    bool is_paused() const;

    std::vector<ThreadMetadata> metadata_for_local_threads() const;
    std::vector<ClientMetric> metrics() const;

    /// The content of a local store, for reading: `Store` is ReadOnlyKeyValueStore<K, V>,
    /// ReadOnlyWindowStore<K, V> or ReadOnlySessionStore<K, V>, see query.hpp. It sees all tasks of
    /// this instance that have the store, and must not outlive the client. Keys and values are read
    /// with the serdes that the topology gives the store. Throws StateError when this instance has
    /// no such store, or it has keys or values of other types.
    template <class Store>
    Store store(const std::string& name) const {
        return Store(reader(name));
    }

    /// The same, read with `serdes`, which need not be those of the topology.
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
