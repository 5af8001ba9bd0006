// SPDX-License-Identifier: Apache-2.0
#include "core/topic_name.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/nodes/sink.hpp"

namespace millrace::detail {

void check_chosen_topic(const std::string& topic) {
    if (!is_topic_name(topic)) {
        throw Error(
            ErrorKind::kInvalidArgument,
            "the topic chooser returned an invalid topic name: '" + topic + "'; " + kTopicNameRule);
    }
}

}  // namespace millrace::detail
