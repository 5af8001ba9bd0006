// SPDX-License-Identifier: Apache-2.0
#include "testing/driver_settings.hpp"

#include "client/settings/client_settings.hpp"
#include "client/settings/optimizations.hpp"
#include "millrace/client/streams_config.hpp"

#include <utility>

namespace millrace::testing {
namespace {

StreamsConfig config_of(const DriverOptions& options) {
    StreamsConfig config{.application_id = "test"};
    config.set_all(options.config);
    if (options.deserialization_handler) {
        config.deserialization_exception_handler = options.deserialization_handler;
    }
    if (options.processing_handler) {
        config.processing_exception_handler = options.processing_handler;
    }
    if (options.production_handler) {
        config.production_exception_handler = options.production_handler;
    }
    config.validate();
    return config;
}

}  // namespace

DriverSettings driver_settings(const Topology& topology, const DriverOptions& options) {
    StreamsConfig config = config_of(options);
    client::require_options(topology.spec(), config);

    auto task = std::make_shared<runtime::TaskSettings>();
    task->application_id = config.application_id;
    task->max_idle = config.max_task_idle;
    task->buffered_records = 1U << 30U;  // Everything that waits belongs to the current step.
    task->dead_letter_topic = config.errors_dead_letter_queue_topic_name;
    task->deserialization_handler = config.deserialization_exception_handler;
    task->processing_handler = config.processing_exception_handler;
    task->production_handler = config.production_exception_handler;

    DriverSettings settings;
    settings.memory.cache_bytes = config.statestore_cache_max_bytes;
    settings.engine = config.default_dsl_store;
    settings.dsl_headers = client::keeps_headers(config);
    task->setting = [all = std::move(config)](std::string_view name) { return all.get(name); };
    settings.task = std::move(task);
    return settings;
}

}  // namespace millrace::testing
