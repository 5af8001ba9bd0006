// SPDX-License-Identifier: Apache-2.0
#include "core/log.hpp"

#include "core/thread_annotations.hpp"
#include "millrace/core/logging.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace millrace {
namespace {

spdlog::logger& standard_error() {
    static const std::shared_ptr<spdlog::logger> logger = [] {
        auto made = std::make_shared<spdlog::logger>(
            "millrace", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
        made->set_level(spdlog::level::debug);
        return made;
    }();
    return *logger;
}

struct Settings {
    std::atomic<LogLevel> level{LogLevel::kInfo};
    Mutex mutex;
    std::shared_ptr<const LogSink> sink MILLRACE_GUARDED_BY(mutex);
};

Settings& settings() {
    static Settings shared;
    return shared;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::kDebug:
            return spdlog::level::debug;
        case LogLevel::kInfo:
            return spdlog::level::info;
        case LogLevel::kWarn:
            return spdlog::level::warn;
        case LogLevel::kError:
            return spdlog::level::err;
        case LogLevel::kOff:
            break;
    }
    return spdlog::level::off;
}

void write(LogLevel level, std::string_view message) noexcept {
    Settings& shared = settings();
    if (level < shared.level.load(std::memory_order_relaxed)) {
        return;
    }
    try {
        std::shared_ptr<const LogSink> sink;
        {
            const MutexLock lock(shared.mutex);
            sink = shared.sink;
        }
        if (sink != nullptr) {
            (*sink)(level, message);
        } else {
            standard_error().log(spdlog_level(level), "{}", message);
        }
    } catch (...) {
        // A line that cannot be written must not stop the application.
    }
}

}  // namespace

void set_log_sink(LogSink sink) {
    auto shared_sink = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
    Settings& shared = settings();
    const MutexLock lock(shared.mutex);
    shared.sink = std::move(shared_sink);
}

void set_log_level(LogLevel level) {
    settings().level.store(level, std::memory_order_relaxed);
}

namespace log {

void debug(std::string_view message) noexcept {
    write(LogLevel::kDebug, message);
}
void info(std::string_view message) noexcept {
    write(LogLevel::kInfo, message);
}
void warn(std::string_view message) noexcept {
    write(LogLevel::kWarn, message);
}
void error(std::string_view message) noexcept {
    write(LogLevel::kError, message);
}
bool debug_enabled() noexcept {
    return settings().level.load(std::memory_order_relaxed) <= LogLevel::kDebug;
}

}  // namespace log
}  // namespace millrace
