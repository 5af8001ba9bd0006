// SPDX-License-Identifier: Apache-2.0
#include "state/task/state_directory.hpp"

#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace millrace::state {
namespace {

constexpr const char* kLockFile = ".lock";
constexpr const char* kProcessFile = "process.json";
constexpr const char* kProcessId = "processId";
constexpr std::size_t kUuidSize = 36;

/// The identity in the content of kProcessFile; empty: there is none.
std::optional<std::string> process_id_in(const Bytes& content) {
    const auto json = nlohmann::json::parse(content, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains(kProcessId) || !json[kProcessId].is_string()) {
        return std::nullopt;
    }
    auto id = json[kProcessId].get<std::string>();
    return id.size() == kUuidSize ? std::optional(std::move(id)) : std::nullopt;
}

std::optional<TaskId> task_of(const std::string& name) {
    TaskId task;
    const char* const end = name.data() + name.size();
    const auto topology = std::from_chars(name.data(), end, task.sub_topology);
    if (topology.ec != std::errc{} || topology.ptr == end || *topology.ptr != '_') {
        return std::nullopt;
    }
    const auto partition = std::from_chars(topology.ptr + 1, end, task.partition);
    if (partition.ec != std::errc{} || partition.ptr != end || to_string(task) != name) {
        return std::nullopt;
    }
    return task;
}

}  // namespace

StateDirectory::StateDirectory(const std::filesystem::path& state_dir,
                               const std::string& application_id, Clock& clock, Random& random,
                               FileSystem& files)
    : path_(state_dir / application_id), clock_(clock), files_(files) {
    files_.make_private_directory(path_);
    Bytes holder;
    lock_ = files_.try_lock(path_ / kLockFile, std::to_string(::getpid()), holder);
    if (lock_ == nullptr) {
        const bool here = holder == std::to_string(::getpid());
        throw StateError("the state directory is in use: folder " + path_.string() +
                         (here             ? ", by another client in this process"
                          : holder.empty() ? std::string(", by another process")
                                           : ", by process " + holder) +
                         "; stop that one, or set another state.dir or application.id");
    }
    process_id_ = load_process_id(random);
}

std::string StateDirectory::load_process_id(Random& random) {
    const std::filesystem::path file = path_ / kProcessFile;
    if (const std::optional<Bytes> content = files_.read(file)) {
        if (std::optional<std::string> id = process_id_in(*content)) {
            return std::move(*id);
        }
        log::warn("cannot read the identity of this instance, creating a new one: " +
                  file.string());
    }
    std::string id = random_uuid(random);
    MILLRACE_FAIL_POINT("directory.locked");
    files_.write(file, nlohmann::json{{kProcessId, id}}.dump());
    MILLRACE_FAIL_POINT("directory.process_id_written");
    return id;
}

std::vector<TaskId> StateDirectory::tasks() const {
    std::vector<TaskId> found;
    for (const std::string& name : files_.list(path_)) {
        const std::optional<TaskId> task = task_of(name);
        if (task && !files_.list(path_ / name).empty()) {
            found.push_back(*task);
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

bool StateDirectory::try_lock(TaskId task) {
    const MutexLock guard(mutex_);
    return owned_.insert(task).second;
}

void StateDirectory::unlock(TaskId task) {
    const MutexLock guard(mutex_);
    if (owned_.erase(task) != 0 && files_.exists(task_directory(task))) {
        files_.touch(task_directory(task));
    }
}

void StateDirectory::unlock_unused(TaskId task) {
    const MutexLock guard(mutex_);
    owned_.erase(task);
}

std::size_t StateDirectory::remove_unused(std::chrono::milliseconds unused_for) {
    const MutexLock guard(mutex_);
    std::size_t removed = 0;
    for (const std::string& name : files_.list(path_)) {
        const std::optional<TaskId> task = task_of(name);
        if (!task || owned_.contains(*task)) {
            continue;
        }
        const std::optional<Timestamp> used = files_.modified_at(path_ / name);
        if (used && *used + unused_for <= clock_.now()) {
            log::info("deleting unused state: task " + name);
            files_.remove_all(path_ / name);
            ++removed;
        }
    }
    return removed;
}

void StateDirectory::clean_up() {
    const MutexLock guard(mutex_);
    if (!owned_.empty()) {
        throw StateError("cannot clean up while tasks run: folder " + path_.string());
    }
    for (const std::string& name : files_.list(path_)) {
        if (name != kLockFile && name != kProcessFile) {
            files_.remove_all(path_ / name);
            MILLRACE_FAIL_POINT("directory.task_removed");
        }
    }
}

}  // namespace millrace::state
