// SPDX-License-Identifier: Apache-2.0
#include "crash/crash_run.hpp"

#include "crash/instance.hpp"
#include "crash/outputs.hpp"

#include "core/fail_points.hpp"
#include "millrace/core/logging.hpp"
#include "support/temporary_directory.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

namespace millrace::crash {

namespace {

using namespace std::chrono_literals;
using fail_points::Action;
using testing::BrokerOperation;

constexpr auto kPatience = 60s;
constexpr auto kPatienceWithMistakes = 10s;

/// What the clients log, and what must never be among it.
class Log {
  public:
    Log() {
        set_log_sink([this](LogLevel level, std::string_view line) {
            const std::scoped_lock lock(mutex_);
            if (level != LogLevel::kDebug &&
                line.find("with settings:") == std::string_view::npos) {
                text_.append(line.substr(0, 400)).append("\n");
            }
            for (const char* never : {"is damaged", "rebuilding store"}) {
                if (!damage_expected_ && line.find(never) != std::string_view::npos) {
                    problems_.push_back("logged: " + std::string(line.substr(0, 400)));
                }
            }
        });
    }
    ~Log() { set_log_sink({}); }
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    void expect_damage() { damage_expected_ = true; }

    std::string text() const {
        const std::scoped_lock lock(mutex_);
        return text_;
    }
    std::vector<std::string> problems() const {
        const std::scoped_lock lock(mutex_);
        return problems_;
    }

  private:
    std::atomic<bool> damage_expected_{false};
    mutable std::mutex mutex_;
    std::string text_;
    std::vector<std::string> problems_;
};

struct Stuck {
    std::string while_doing;
};

class Run {
  public:
    Run(const Workload& workload, ProcessingGuarantee guarantee, Mistake mistake)
        : workload_(workload), world_(workload, guarantee, folder_.path()) {
        world_.mistake = mistake;
        expect(Trouble::kNone);
    }

    void all_phases() {
        restarts();
        second_client();
        troubles();
        lost_files();
    }

    Outcome outcome() {
        Outcome result;
        for (const auto& [topic, match] : workload_.outputs) {
            result.outputs[topic] = values_of(world_.broker, topic);
        }
        for (std::size_t i = 0; i < fail_points::kCount; ++i) {
            result.hits.at(i) = fail_points::hits(i);
        }
        result.fired = fail_points::fired();
        result.problems = log_.problems();
        const auto of_world = world_.problems();
        result.problems.insert(result.problems.end(), of_world.begin(), of_world.end());
        result.log = log_.text();
        return result;
    }

    World& world() { return world_; }

    void stuck(const Stuck& what) {
        world_.add_problem("no progress while waiting for " + what.while_doing);
    }

  private:
    void restarts() {
        send();
        one_.start();
        wait_for_commits("the first records");
        send();
        wait_for_commits("more records");
        close(one_);
        if (!fail_points::fired()) {
            one_.has_on_disk(changelog_ends(world_.broker, workload_));
        }
        world_.before_change = false;
        send();
        one_.start();
        wait_for_commits("records after a restart");
    }

    void second_client() {
        two_.start();
        until("two running clients", [this] { return one_.running() && two_.running(); });
        send();
        wait_for_commits("records by two clients");
        close(two_);
        send();
        wait_for_commits("records after a client has left");
    }

    void troubles() {
        const bool exactly_once = world_.guarantee == ProcessingGuarantee::kExactlyOnceV2;
        world_.broker.fail_next(
            exactly_once ? BrokerOperation::kSendOffsets : BrokerOperation::kCommit,
            testing::BrokerFault::kFenced);
        expect(Trouble::kException);
        send();
        wait_for_commits("records after an exception and a fenced commit");
        send();
        one_.expire();
        wait_for_commits("records after an expired session");
    }

    void lost_files() {
        log_.expect_damage();
        one_.has_on_disk({});
        expect(Trouble::kDamage);
        send();
        wait_for_commits("records after damage");
        close(one_);
        one_.lose_files();
        send();
        one_.start();
        wait_for_commits("records after files were lost");
        until("a running client", [this] { return one_.running(); });
        check_stores();
        close(one_);
    }

    void send() { produce(world_.broker, workload_, chunk_++); }

    void wait_for_commits(const char* what) {
        until(what, [this] { return all_committed(world_.broker, workload_); });
        if (one_.thaw() || two_.thaw()) {
            until("a frozen client to end",
                  [this] { return one_.ghost_ended() && two_.ghost_ended(); });
        }
    }

    template <class F>
    void until(const char* what, const F& condition) {
        const auto deadline =
            std::chrono::steady_clock::now() +
            (world_.mistake == Mistake::kNone ? kPatience : kPatienceWithMistakes);
        while (true) {
            one_.attend();
            two_.attend();
            if (condition()) {
                return;
            }
            if (std::chrono::steady_clock::now() > deadline) {
                throw Stuck{what};
            }
            std::this_thread::sleep_for(1ms);
        }
    }

    void close(Instance& instance) {
        instance.begin_close();
        until("a client to close", [&] { return instance.ended(); });
        instance.finish_close();
    }

    void check_stores() {
        for (const std::string& store : workload_.counts) {
            std::map<std::string, std::int64_t> rows;
            until("rows of a store", [&] { return one_.read_counts(store, rows); });
            for (const std::string& difference :
                 differences_from_changelog(world_.broker, "app-" + store + "-changelog", rows)) {
                world_.add_problem(difference);
            }
        }
    }

    const Workload& workload_;
    Log log_;  // The clients end before it.
    testing::TemporaryDirectory folder_;
    World world_;  // After its folder, and before its clients.
    Instance one_{world_, "one"};
    Instance two_{world_, "two"};
    int chunk_ = 0;
};

constexpr std::array<std::pair<Failure, std::string_view>, 5> kFailures{
    {{Failure::kCrash, "crash"},
     {Failure::kFreeze, "freeze"},
     {Failure::kThrow, "throw"},
     {Failure::kError, "error"},
     {Failure::kDelay, "delay"}}};

fail_points::Rule rule_of(const Case& disturbance, World& world) {
    fail_points::Rule rule{.point = disturbance.point, .hit = disturbance.hit};
    switch (disturbance.failure) {
        case Failure::kCrash:
            rule.action = Action::kCall;
            rule.call = [&world] { world.crash(); };
            break;
        case Failure::kFreeze:
            rule.action = Action::kCall;
            rule.call = [&world] { world.freeze(); };
            break;
        case Failure::kThrow:
            rule.action = Action::kThrow;
            break;
        case Failure::kError:
            rule.action = Action::kReturnError;
            break;
        case Failure::kDelay:
            rule.action = Action::kDelay;
            break;
    }
    return rule;
}

}  // namespace

Outcome run(const Workload& workload, ProcessingGuarantee guarantee,
            const std::optional<Case>& disturbance, Mistake mistake) {
    Run run(workload, guarantee, mistake);
    fail_points::arm(disturbance
                         ? rule_of(*disturbance, run.world())
                         : fail_points::Rule{.point = std::string(fail_points::kNames[0].text),
                                             .hit = UINT64_MAX});
    try {
        run.all_phases();
    } catch (const Stuck& stuck) {
        run.stuck(stuck);
    }
    fail_points::disarm();
    run.world().release();
    return run.outcome();
}

std::string to_string(Failure failure) {
    for (const auto& [each, name] : kFailures) {
        if (each == failure) {
            return std::string(name);
        }
    }
    return "?";
}

std::string to_string(ProcessingGuarantee guarantee) {
    return guarantee == ProcessingGuarantee::kExactlyOnceV2 ? "exactly_once_v2" : "at_least_once";
}

std::string to_string(const Case& which) {
    return which.workload + ":" + to_string(which.guarantee) + ":" + which.point + ":" +
           to_string(which.failure) + ":" + std::to_string(which.hit);
}

Case parse_case(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t to = std::min(text.find(':', from), text.size());
        parts.push_back(text.substr(from, to - from));
        from = to + 1;
    }
    if (parts.size() != 5) {
        throw std::invalid_argument("must be workload:guarantee:point:failure:hit: " + text);
    }
    Case which{.workload = parts[0], .point = parts[2], .hit = std::stoull(parts[4])};
    which.guarantee = parts[1] == "exactly_once_v2" ? ProcessingGuarantee::kExactlyOnceV2
                                                    : ProcessingGuarantee::kAtLeastOnce;
    for (const auto& [failure, name] : kFailures) {
        if (name == parts[3]) {
            which.failure = failure;
        }
    }
    return which;
}

}  // namespace millrace::crash
