// SPDX-License-Identifier: Apache-2.0
// The state directory's process.json and the names of its folders.
#include "assignment/subscription_info.hpp"
#include "core/file_system.hpp"
#include "fuzz.hpp"
#include "state/task/state_directory.hpp"
#include "targets.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::fuzz {
namespace {

/// A folder whose files all have the input as content, and whose only entry is named like it.
class OneFile final : public FileSystem {
  public:
    explicit OneFile(Bytes content) : content_(std::move(content)) {}

    void make_private_directory(const Path& /*directory*/) override {}
    bool exists(const Path& /*path*/) const override { return true; }
    std::vector<std::string> list(const Path& /*directory*/) const override { return {content_}; }
    bool is_directory(const Path& /*path*/) const override { return true; }
    std::optional<Timestamp> modified_at(const Path& /*path*/) const override {
        return std::nullopt;
    }
    void touch(const Path& /*path*/) override {}
    void remove_all(const Path& /*path*/) override {}
    std::optional<Bytes> read(const Path& /*file*/) const override { return content_; }
    void write(const Path& /*file*/, BytesView content) override { content_ = content; }
    std::unique_ptr<FileLock> try_lock(const Path& /*file*/, BytesView /*content*/,
                                       Bytes& /*holder*/) override {
        return std::make_unique<FileLock>();
    }

  private:
    Bytes content_;
};

}  // namespace

void process_file(BytesView input) {
    OneFile files{Bytes(input)};
    state::StateDirectory directory("state", "app", system_clock(), system_random(), files);
    const assignment::SubscriptionInfo info{.process_id = directory.process_id()};
    expect(assignment::decode_subscription(encode(info)) == info,
           "a process id can be sent to the leader");
    const state::StateDirectory again("state", "app", system_clock(), system_random(), files);
    expect(again.process_id() == directory.process_id(), "the process id survives a restart");

    OneFile entries{Bytes(input)};
    state::StateDirectory named("state", "app", system_clock(), system_random(), entries);
    for (const TaskId& task : named.tasks()) {
        expect(task.sub_topology >= 0 && task.partition >= 0, "task numbers are not negative");
    }
}

}  // namespace millrace::fuzz
