// SPDX-License-Identifier: Apache-2.0
#include "testing/driver_settings.hpp"

#include "millrace/core/error.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace millrace::testing {
namespace {

using Config = std::map<std::string, std::string>;

std::string text(const Config& config, const std::string& name, std::string fallback) {
    const auto found = config.find(name);
    if (found == config.end()) {
        return fallback;
    }
    return found->second;
}

std::int64_t number(const Config& config, const std::string& name, std::int64_t fallback) {
    const auto found = config.find(name);
    if (found == config.end()) {
        return fallback;
    }
    std::int64_t value = 0;
    const char* end = found->second.data() + found->second.size();
    const auto [stop, error] = std::from_chars(found->second.data(), end, value);
    if (error != std::errc() || stop != end) {
        throw ConfigError(name + " must be a whole number: " + found->second);
    }
    return value;
}

bool ends_with_any(std::string_view value, std::initializer_list<std::string_view> endings) {
    for (const std::string_view ending : endings) {
        if (value.ends_with(ending)) {
            return true;
        }
    }
    return false;
}

/// Our names for the handlers and, as the settings may come from a Java application, its classes'.
decltype(&log_and_fail) handler(const Config& config, const std::string& name) {
    const std::string value = text(config, name, "log-and-fail");
    if (ends_with_any(value, {"log-and-continue", "LogAndContinueExceptionHandler",
                              "LogAndContinueProcessingExceptionHandler"})) {
        return log_and_continue;
    }
    if (ends_with_any(value, {"log-and-fail", "LogAndFailExceptionHandler",
                              "LogAndFailProcessingExceptionHandler"})) {
        return log_and_fail;
    }
    throw ConfigError(name + " must be log-and-fail or log-and-continue: " + value);
}

StoreEngine engine(const Config& config) {
    const std::string old = text(config, "default.dsl.store", "rocksDB");
    const std::string value = text(config, "dsl.store.suppliers.class", old);
    if (ends_with_any(value, {"in-memory", "in_memory", "InMemoryDslStoreSuppliers"})) {
        return StoreEngine::kInMemory;
    }
    if (ends_with_any(value, {"rocksdb", "rocksDB", "RocksDBDslStoreSuppliers"})) {
        return StoreEngine::kRocksDb;
    }
    throw ConfigError("dsl.store.suppliers.class must be rocksdb or in-memory: " + value);
}

bool dsl_headers(const Config& config) {
    std::string value = text(config, "dsl.store.format", "default");
    std::transform(value.begin(), value.end(), value.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (value != "default" && value != "headers") {
        throw ConfigError("dsl.store.format must be default or headers: " + value);
    }
    return value == "headers";
}

}  // namespace

DriverSettings driver_settings(const DriverOptions& options) {
    Config config = options.config;
    config.try_emplace("application.id", "test");

    auto task = std::make_shared<runtime::TaskSettings>();
    task->application_id = config.at("application.id");
    task->max_idle = std::chrono::milliseconds(number(config, "max.task.idle.ms", 0));
    task->buffered_records = 1U << 30U;  // Whatever waits belongs to the step at hand.
    task->dead_letter_topic = text(config, "errors.dead.letter.queue.topic.name", "");
    task->deserialization_handler = handler(config, "deserialization.exception.handler");
    task->processing_handler = handler(config, "processing.exception.handler");
    if (options.deserialization_handler) {
        task->deserialization_handler = options.deserialization_handler;
    }
    if (options.processing_handler) {
        task->processing_handler = options.processing_handler;
    }
    if (options.production_handler) {
        task->production_handler = options.production_handler;
    }

    DriverSettings settings;
    const std::int64_t cache = number(config, "statestore.cache.max.bytes",
                                      number(config, "cache.max.bytes.buffering", 10 << 20));
    if (cache < 0) {
        throw ConfigError("statestore.cache.max.bytes must not be negative: " +
                          std::to_string(cache));
    }
    settings.memory.cache_bytes = static_cast<std::size_t>(cache);
    settings.engine = engine(config);
    settings.dsl_headers = dsl_headers(config);
    task->setting = [all = std::move(config)](std::string_view name) {
        const auto found = all.find(std::string(name));
        return found == all.end() ? std::string() : found->second;
    };
    settings.task = std::move(task);
    return settings;
}

}  // namespace millrace::testing
