// SPDX-License-Identifier: Apache-2.0
#include "events.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace system_app {

namespace {

void write(const nlohmann::ordered_json& event) {
    std::cout << event.dump() << std::endl;  // Flushed: the process may be killed at any time.
}

std::vector<std::string> sorted_names(const std::vector<millrace::TaskMetadata>& tasks) {
    std::vector<std::string> names;
    names.reserve(tasks.size());
    for (const auto& task : tasks) {
        names.push_back(to_string(task.id));
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

void Events::observe(millrace::KafkaStreams& streams) {
    streams.set_state_listener([this, &streams](millrace::ClientState to, millrace::ClientState) {
        report_state(streams, to);
    });
    streams.set_state_restore_listener(
        {.on_restore_start =
             [this](const millrace::TopicPartition& changelog, const std::string&, millrace::Offset,
                    millrace::Offset) {
                 const std::scoped_lock lock(mutex_);
                 restoring_[{changelog.topic, changelog.partition}] =
                     std::chrono::steady_clock::now();
             },
         .on_restore_end = [this](const millrace::TopicPartition& changelog,
                                  const std::string& store,
                                  std::int64_t total) { restored(changelog, store, total); }});
}

void Events::report_state(const millrace::KafkaStreams& streams, millrace::ClientState to) {
    if (to == millrace::ClientState::kRunning) {
        write_tasks(streams, true);
    }
    const std::scoped_lock lock(mutex_);
    write({{"event", "state"}, {"to", std::string(to_string(to))}});
}

void Events::report_tasks(const millrace::KafkaStreams& streams) {
    write_tasks(streams, false);
}

void Events::write_tasks(const millrace::KafkaStreams& streams, bool always) {
    std::vector<millrace::TaskMetadata> active;
    std::vector<millrace::TaskMetadata> standby;
    for (const auto& thread : streams.metadata_for_local_threads()) {
        active.insert(active.end(), thread.tasks.begin(), thread.tasks.end());
        standby.insert(standby.end(), thread.standby_tasks.begin(), thread.standby_tasks.end());
    }
    std::vector<std::string> tasks = sorted_names(active);
    std::vector<std::string> standbys = sorted_names(standby);
    const std::scoped_lock lock(mutex_);
    if (tasks != tasks_ || standbys != standbys_ || (always && !assigned_)) {
        assigned_ = true;
        tasks_ = std::move(tasks);
        standbys_ = std::move(standbys);
        write({{"event", "assigned"}, {"tasks", tasks_}, {"standbys", standbys_}});
    }
}

void Events::restored(const millrace::TopicPartition& changelog, const std::string& store,
                      std::int64_t records) {
    const std::scoped_lock lock(mutex_);
    const auto took =
        std::chrono::steady_clock::now() - restoring_[{changelog.topic, changelog.partition}];
    write({{"event", "restored"},
           {"store", store},
           {"partition", changelog.partition},
           {"records", records},
           {"ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()}});
}

void Events::closed(bool clean) {
    const std::scoped_lock lock(mutex_);
    write({{"event", "closed"}, {"clean", clean}});
}

}  // namespace system_app
