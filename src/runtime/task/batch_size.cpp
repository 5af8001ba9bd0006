// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/batch_size.hpp"

#include "core/log.hpp"

#include <algorithm>
#include <charconv>

namespace millrace::runtime {

namespace {

/// librdkafka's range for both settings.
constexpr std::int64_t kDefault = 1'000'000;

/// The client itself refuses invalid numbers.
std::int64_t number(const kafka::ClientSettings& settings, const std::string& name) {
    std::int64_t value = kDefault;
    if (const auto found = settings.find(name); found != settings.end()) {
        const std::string& text = found->second;
        std::from_chars(text.data(), text.data() + text.size(), value);
    }
    return value;
}

/// The minimum size of a record: it shares a batch with others only if batches may be larger than
/// that.
std::int64_t least_size(const kafka::FailedDelivery& failed) {
    std::size_t size = failed.key.value_or("").size() + failed.value.value_or("").size();
    for (const Header& header : failed.headers) {
        size += header.key.size() + header.value.value_or("").size();
    }
    return static_cast<std::int64_t>(size);
}

}  // namespace

BatchSize::BatchSize(const kafka::ClientSettings& settings, BatchLimits* limits)
    : limits_(limits),
      present_(std::min(number(settings, "batch.size"), number(settings, "message.max.bytes"))),
      next_(present_) {}

kafka::ClientSettings BatchSize::apply(kafka::ClientSettings settings) {
    if (next_ < std::min(number(settings, "batch.size"), number(settings, "message.max.bytes"))) {
        settings["batch.size"] = std::to_string(next_);
    }
    present_ = next_;
    return settings;
}

bool BatchSize::too_large_for(std::span<const std::string> topics) {
    if (limits_ == nullptr) {
        return false;
    }
    if (const auto limit = limits_->smallest(topics); limit && *limit < next_) {
        next_ = std::max<std::int64_t>(1, *limit);
        log::info("batch.size lowered to " + std::to_string(next_) +
                  ", the smallest max.message.bytes of the output topics");
    }
    return next_ < present_;
}

bool BatchSize::is_to_blame_for(const kafka::FailedDelivery& failed) {
    const std::string topic(failed.topic);
    if (limits_ == nullptr || least_size(failed) > present_ || confirmed_ == topic) {
        return false;
    }
    if (next_ == present_) {
        const auto limit = limits_->present(topic);
        const std::int64_t wanted = limit.value_or(present_ / 2);
        if (wanted >= present_ || present_ == 1) {
            confirmed_ = topic;
            return false;
        }
        next_ = std::max<std::int64_t>(1, wanted);
        log::info("batch.size lowered to " + std::to_string(next_) + ": topic " + topic +
                  " refused a batch of up to " + std::to_string(present_) + " bytes");
    }
    return true;
}

}  // namespace millrace::runtime
