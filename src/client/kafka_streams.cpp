// SPDX-License-Identifier: Apache-2.0
#include "millrace/client/kafka_streams.hpp"

#include "client/inside_client.hpp"
#include "client/kafka_streams_impl.hpp"
#include "core/thread.hpp"

#include <utility>

namespace millrace {

KafkaStreams::KafkaStreams(const Topology& topology, const StreamsConfig& config,
                           std::shared_ptr<kafka::ClientSupplier> clients)
    : implementation_(std::make_unique<Implementation>(topology, config, std::move(clients))) {}

KafkaStreams::~KafkaStreams() {
    if (client::InsideClient::is(implementation_.get())) {
        // A callback destroys its own client. Its thread cannot wait for its own end.
        Thread::run_detached([ending = std::shared_ptr<Implementation>(
                                  std::move(implementation_))]() mutable { ending.reset(); });
    }
}

void KafkaStreams::set_state_listener(StateListener listener) {
    implementation_->require_created("set_state_listener");
    implementation_->machine.set_listener(
        [self = implementation_.get(), listener = std::move(listener)](ClientState to,
                                                                       ClientState before) {
            const client::InsideClient inside(self);
            if (listener) {
                listener(to, before);
            }
        });
}

void KafkaStreams::set_uncaught_exception_handler(UncaughtExceptionHandler handler) {
    implementation_->require_created("set_uncaught_exception_handler");
    implementation_->uncaught = std::move(handler);
}

void KafkaStreams::set_state_restore_listener(StateRestoreListener listener) {
    implementation_->require_created("set_state_restore_listener");
    implementation_->restore_listener = std::move(listener);
}

void KafkaStreams::set_standby_update_listener(StandbyUpdateListener listener) {
    implementation_->require_created("set_standby_update_listener");
    implementation_->standby_listener = std::move(listener);
}

void KafkaStreams::start() {
    implementation_->start();
}

bool KafkaStreams::close(std::chrono::milliseconds timeout) {
    return close(CloseOptions{.timeout = timeout});
}

bool KafkaStreams::close(const CloseOptions& options) {
    return implementation_->close(options);
}

void KafkaStreams::clean_up() {
    implementation_->clean_up();
}

ClientState KafkaStreams::state() const {
    return implementation_->machine.state();
}

bool KafkaStreams::wait_for(ClientState state, std::chrono::milliseconds timeout) const {
    return implementation_->machine.wait_for(state, timeout);
}

std::optional<std::string> KafkaStreams::add_stream_thread() {
    return implementation_->add_stream_thread();
}

std::optional<std::string> KafkaStreams::remove_stream_thread(std::chrono::milliseconds timeout) {
    return implementation_->remove_stream_thread(timeout);
}

void KafkaStreams::pause() {
    implementation_->paused.store(true);
}

void KafkaStreams::resume() {
    implementation_->paused.store(false);
    implementation_->wake_up_all();
}

bool KafkaStreams::is_paused() const {
    return implementation_->paused.load();
}

std::vector<ThreadMetadata> KafkaStreams::metadata_for_local_threads() const {
    return implementation_->metadata();
}

std::vector<ClientMetric> KafkaStreams::metrics() const {
    return implementation_->metrics.snapshot();
}

std::vector<RestoreProgress> KafkaStreams::restore_progress() const {
    return implementation_->restore_progress();
}

std::shared_ptr<const detail::StoreReader> KafkaStreams::reader(const std::string& name) const {
    return implementation_->reader(name);
}

}  // namespace millrace
