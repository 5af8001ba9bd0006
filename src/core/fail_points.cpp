// SPDX-License-Identifier: Apache-2.0
#ifdef MILLRACE_FAIL_POINTS

#include "core/fail_points.hpp"

#include "millrace/core/error.hpp"

#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace millrace::fail_points {

namespace {

constexpr std::size_t kNone = kCount;

struct Armed {
    std::size_t point = kNone;
    Rule rule;
};

std::array<std::atomic<std::uint64_t>, kCount>& counters() {
    static std::array<std::atomic<std::uint64_t>, kCount> all{};
    return all;
}

struct Shared {
    std::mutex mutex;
    std::shared_ptr<const Armed> armed;
    std::atomic<std::size_t> point{kNone};
    std::atomic<bool> fired{false};
};

Shared& shared() {
    static Shared all;
    return all;
}

std::size_t find(std::string_view name) {
    for (std::size_t i = 0; i < kCount; ++i) {
        if (kNames[i].text == name) {
            return i;
        }
    }
    throw std::invalid_argument("there is no fail point " + std::string(name));
}

[[noreturn]] void fail(const Name& name) {
    const std::string text = "fail point: " + std::string(name.text);
    if (name.throws == Throws::kState) {
        throw StateError(text);
    }
    throw KafkaError(text);
}

/// Returns whether a request must return an error.
bool run(const Armed& armed) {
    const Rule& rule = armed.rule;
    switch (rule.action) {
        case Action::kKill:
            std::raise(SIGKILL);
            break;
        case Action::kThrow:
            fail(kNames[armed.point]);
        case Action::kDelay:
            std::this_thread::sleep_for(rule.delay);
            break;
        case Action::kReturnError:
            return true;
        case Action::kCall:
            rule.call();
            break;
    }
    return false;
}

/// A mistake in the variable ends the process: a test would otherwise run without the failure.
bool read_environment() {
    const char* text = std::getenv("MILLRACE_FAIL_POINT");
    if (text == nullptr || *text == '\0') {
        return false;
    }
    try {
        arm(parse(text));
    } catch (const std::exception& error) {
        std::cerr << "MILLRACE_FAIL_POINT=" << text << ": " << error.what() << std::endl;
        std::abort();
    }
    return true;
}

const bool from_environment = read_environment();

}  // namespace

void arm(const Rule& rule) {
    auto armed = std::make_shared<Armed>(Armed{find(rule.point), rule});
    Shared& all = shared();
    const std::scoped_lock lock(all.mutex);
    all.point = kNone;
    all.fired = false;
    for (auto& counter : counters()) {
        counter = 0;
    }
    all.armed = std::move(armed);
    all.point = all.armed->point;
}

void disarm() {
    shared().point = kNone;
}

bool fired() {
    return shared().fired;
}

std::uint64_t hits(std::size_t point) {
    return counters().at(point);
}

Rule parse(std::string_view text) {
    const auto first = text.find(':');
    const auto second = text.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) {
        throw std::invalid_argument("must be name:action:hit");
    }
    Rule rule{.point = std::string(text.substr(0, first))};
    find(rule.point);
    const std::string_view action = text.substr(first + 1, second - first - 1);
    if (action == "kill") {
        rule.action = Action::kKill;
    } else if (action == "throw") {
        rule.action = Action::kThrow;
    } else if (action == "delay") {
        rule.action = Action::kDelay;
    } else if (action == "error") {
        rule.action = Action::kReturnError;
    } else {
        throw std::invalid_argument("the action must be kill, throw, delay or error");
    }
    const std::string_view hit = text.substr(second + 1);
    const auto [end, error] = std::from_chars(hit.data(), hit.data() + hit.size(), rule.hit);
    if (error != std::errc{} || end != hit.data() + hit.size() || rule.hit == 0) {
        throw std::invalid_argument("the hit must be a number from 1");
    }
    return rule;
}

bool reach(std::size_t point) {
    const std::uint64_t hit = ++counters()[point];
    Shared& all = shared();
    if (all.point.load() != point) {
        return false;
    }
    std::shared_ptr<const Armed> armed;
    {
        const std::scoped_lock lock(all.mutex);
        if (all.point != point || hit < all.armed->rule.hit || all.fired.exchange(true)) {
            return false;
        }
        armed = all.armed;
    }
    return run(*armed);
}

}  // namespace millrace::fail_points

#endif
