// SPDX-License-Identifier: Apache-2.0
#include "millrace/testing/topology_test_driver.hpp"

#include "testing/topology_test_driver_implementation.hpp"

#include <utility>

namespace millrace::testing {
namespace {

template <class Store>
Store& store_as(StateStore* store, const char* kind, const std::string& name) {
    auto* found = dynamic_cast<Store*>(store);
    if (found == nullptr) {
        unknown_name(kind, name);
    }
    return *found;
}

}  // namespace

TopologyTestDriver::TopologyTestDriver(Topology topology, DriverOptions options)
    : implementation_(std::make_unique<Implementation>(std::move(topology), options)) {}
TopologyTestDriver::~TopologyTestDriver() = default;
TopologyTestDriver::TopologyTestDriver(TopologyTestDriver&&) noexcept = default;
TopologyTestDriver& TopologyTestDriver::operator=(TopologyTestDriver&&) noexcept = default;

detail::DriverPort& TopologyTestDriver::port() {
    return *implementation_;
}
void TopologyTestDriver::pipe(BytesRecord record) {
    implementation_->pipe(std::move(record));
}
std::vector<BytesRecord> TopologyTestDriver::drain() {
    return implementation_->drain();
}
void TopologyTestDriver::advance_wall_clock(std::chrono::milliseconds by) {
    implementation_->advance_wall_clock(by);
}
Timestamp TopologyTestDriver::wall_clock() const {
    return implementation_->wall_clock();
}
Timestamp TopologyTestDriver::stream_time() const {
    return implementation_->stream_time();
}
std::vector<std::string> TopologyTestDriver::produced_topics() const {
    return implementation_->produced_topics();
}
std::vector<std::string> TopologyTestDriver::store_names() const {
    return implementation_->store_names();
}
StateStore* TopologyTestDriver::store(const std::string& name) {
    return implementation_->store(name);
}
KeyValueBytesStore& TopologyTestDriver::key_value_store(const std::string& name) {
    return store_as<KeyValueBytesStore>(store(name), "key-value store", name);
}
VersionedBytesStore& TopologyTestDriver::versioned_store(const std::string& name) {
    return store_as<VersionedBytesStore>(store(name), "versioned store", name);
}
WindowBytesStore& TopologyTestDriver::window_store(const std::string& name) {
    return store_as<WindowBytesStore>(store(name), "window store", name);
}
SessionBytesStore& TopologyTestDriver::session_store(const std::string& name) {
    return store_as<SessionBytesStore>(store(name), "session store", name);
}
void TopologyTestDriver::empty_caches() {
    implementation_->empty_caches();
}
std::uint64_t TopologyTestDriver::dropped_records() const {
    return implementation_->dropped_records();
}
const std::map<TopicPartition, Offset>& TopologyTestDriver::committed_offsets() const {
    return implementation_->committed();
}
void TopologyTestDriver::close() {
    implementation_->close();
}

}  // namespace millrace::testing
