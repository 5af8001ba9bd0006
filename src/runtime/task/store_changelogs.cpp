// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/store_changelogs.hpp"

namespace millrace::runtime {

std::vector<StoreChangelog> changelogs_of(const topology::ApplicationTopology& application,
                                          const topology::SubTopology& part, TaskId task) {
    const std::string prefix = application.application_id + "-";
    std::vector<StoreChangelog> changelogs;
    for (std::size_t store = 0; store < part.stores.size(); ++store) {
        const detail::StoreSpec& spec = application.spec->stores[part.stores[store]];
        if (!spec.source_topic.empty()) {
            const std::string internal = prefix + spec.source_topic;
            const bool is_internal = part.repartition_source_topics.contains(internal);
            changelogs.push_back(
                {store, {is_internal ? internal : spec.source_topic, task.partition}, true});
        } else if (spec.logging) {
            changelogs.push_back(
                {store, {prefix + spec.name + "-changelog", task.partition}, false});
        }
    }
    return changelogs;
}

}  // namespace millrace::runtime
