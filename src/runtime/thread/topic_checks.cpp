// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/topic_checks.hpp"

#include "millrace/core/error.hpp"

#include <algorithm>

namespace millrace::runtime {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetryBackoff{100};

/// The retry interval while another thread checks the topics.
constexpr milliseconds kWhileAnotherLooks{10};

/// The timeout of one request: the tasks do not run and the thread cannot stop while it waits.
constexpr milliseconds kAnswerWait{2'000};

/// How often to check while tasks cannot run: a changelog may have been deleted.
constexpr milliseconds kBetweenChecks{5'000};

/// How often an error must be seen: the metadata of brokers may be outdated.
constexpr int kErrorsUntilSure = 3;

}  // namespace

milliseconds TopicChecks::wait() const {
    const auto now = parts_.clock->monotonic();
    return next_attempt_ && now < *next_attempt_
               ? std::chrono::ceil<milliseconds>(*next_attempt_ - now)
               : milliseconds{0};
}

bool TopicChecks::ready_to_join() {
    std::string reason;
    if (parts_.internal_topics->prepare(std::min(parts_.settings->request_timeout, kAnswerWait),
                                        reason)) {
        next_attempt_.reset();
        return true;
    }
    try_again("not ready to join the group, retrying: ", reason);
    return false;
}

void TopicChecks::check() {
    if (!due() || wait() > milliseconds{0}) {
        return;
    }
    const std::uint64_t round = parts_.assignor->rounds();
    const auto now = parts_.clock->monotonic();
    std::string reason;
    try {
        if (parts_.internal_topics->prepare(std::min(parts_.settings->request_timeout, kAnswerWait),
                                            reason)) {
            round_checked_ = round;
            in_doubt_ = false;
            errors_ = 0;
            checked_ = now;
            next_attempt_.reset();
            return;
        }
    } catch (const Error& error) {
        if (++errors_ >= kErrorsUntilSure) {
            throw;
        }
        reason = error.what();
    }
    in_doubt_ = true;
    try_again("topics are not as required, checking again: ", reason);
}

bool TopicChecks::due() const {
    return parts_.assignor->rounds() != round_checked_ || in_doubt_ ||
           (!parts_.tasks->all_running() && parts_.clock->monotonic() - checked_ >= kBetweenChecks);
}

/// Without a reason, another thread is checking.
void TopicChecks::try_again(const std::string& why, const std::string& reason) {
    next_attempt_ =
        parts_.clock->monotonic() + (reason.empty() ? kWhileAnotherLooks : kRetryBackoff);
    if (!reason.empty()) {
        parts_.log->warn(parts_.settings->name + ": " + why + reason);
    }
}

}  // namespace millrace::runtime
