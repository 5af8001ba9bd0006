// SPDX-License-Identifier: Apache-2.0
#include "state/stores/put_times.hpp"

#include <stdexcept>
#include <string>

namespace millrace::state {
namespace {

std::string text(Timestamp time) {
    return std::to_string(milliseconds_of(time));
}

}  // namespace

void refuse_window_start(const detail::StoreSpec& spec, Timestamp start) {
    throw std::invalid_argument("the start of a window must not be negative: store " + spec.name +
                                ", start " + text(start));
}

void refuse_session(const detail::StoreSpec& spec, SessionWindow session) {
    throw std::invalid_argument(
        "the start of a session must not be negative, nor after its end: store " + spec.name +
        ", start " + text(session.start) + ", end " + text(session.end));
}

void refuse_timestamp(const detail::StoreSpec& spec, Timestamp time) {
    throw std::invalid_argument("the timestamp of a value must not be negative: store " +
                                spec.name + ", timestamp " + text(time));
}

}  // namespace millrace::state
