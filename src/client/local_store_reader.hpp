// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/query.hpp"
#include "runtime/global/global_stores.hpp"
#include "runtime/thread/stream_thread.hpp"
#include "topology/sub_topologies.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace::client {

using LiveThreads = std::function<std::vector<std::shared_ptr<runtime::StreamThread>>()>;

/// Reads the store with that name in the tasks of all threads. Throws StateError if the topology
/// has no such store or this instance has none of its tasks. A read also throws StateError if
/// `client` runs the calling thread (see InsideClient), and while one of the tasks restores.
/// `threads` must outlive the reader.
std::shared_ptr<const detail::StoreReader> make_local_store_reader(
    const std::string& store, const topology::ApplicationTopology& application, const void* client,
    LiveThreads threads);

/// Reads a global store on the calling thread. The reader may outlive `stores`.
std::shared_ptr<const detail::StoreReader> make_global_store_reader(const detail::StoreSpec& spec,
                                                                    runtime::GlobalStores& stores);

}  // namespace millrace::client
