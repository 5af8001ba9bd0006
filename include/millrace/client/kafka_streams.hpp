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
#include <vector>

namespace millrace {

namespace kafka {
class ClientSupplier;
}  // namespace kafka

namespace detail {
class StoreReader;
}  // namespace detail

/// Decides what happens after an error that ends a stream thread. Called by that thread.
using UncaughtExceptionHandler = std::function<UncaughtDecision(const std::exception&)>;

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

    /// Starts the threads. Global stores are read completely first; everything else happens in the
    /// background: an unreachable cluster is tried again and again. Once only; throws Error of kind
    /// kInvalidArgument otherwise.
    void start();

    /// Commits, leaves the group and stops. False when it gave up waiting after `timeout`; it still
    /// goes on then. Idempotent. Called from a thread of this client it only asks for the end.
    bool close(std::chrono::milliseconds timeout = std::chrono::minutes{1});

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

    /// Stops processing and punctuation until resume(). Membership and commits go on.
    void pause();
    void resume();
    bool is_paused() const;

    std::vector<ThreadMetadata> metadata_for_local_threads() const;
    std::vector<ClientMetric> metrics() const;

    /// The content of a local store, for reading: `Store` is ReadOnlyKeyValueStore<K, V>,
    /// ReadOnlyWindowStore<K, V> or ReadOnlySessionStore<K, V>, see query.hpp. It sees all tasks of
    /// this instance that have the store, and must not outlive the client. Throws StateError when
    /// this instance has no such store (at the moment).
    template <class Store>
    Store store(const std::string& name) const {
        return Store(reader(name));
    }

  private:
    class Implementation;

    std::shared_ptr<const detail::StoreReader> reader(const std::string& name) const;

    std::unique_ptr<Implementation> implementation_;
};

}  // namespace millrace
