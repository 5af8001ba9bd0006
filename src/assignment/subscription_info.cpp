// SPDX-License-Identifier: Apache-2.0
#include "assignment/subscription_info.hpp"

#include "millrace/core/error.hpp"

#include <limits>

namespace millrace::assignment {

namespace {

constexpr BytesView kMagic = "MRAS";
constexpr char kSubscription = 1;
constexpr char kAssignment = 2;
constexpr std::uint8_t kShutDown = 1;

/// Big-endian, with lengths before contents.
class Writer {
  public:
    explicit Writer(char kind) {
        bytes_ = kMagic;
        bytes_ += kind;
        unsigned_number(kFormatVersion, 2);
    }

    void flags(std::uint8_t value) { unsigned_number(value, 1); }
    void text(const std::string& value) {
        unsigned_number(value.size(), 2);
        bytes_ += value;
    }
    void tasks(const std::vector<TaskId>& tasks) {
        unsigned_number(tasks.size(), 4);
        for (const TaskId& task : tasks) {
            unsigned_number(static_cast<std::uint32_t>(task.sub_topology), 4);
            unsigned_number(static_cast<std::uint32_t>(task.partition), 4);
        }
    }
    Bytes take() { return std::move(bytes_); }

  private:
    void unsigned_number(std::uint64_t value, int bytes) {
        for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
            bytes_ += static_cast<char>((value >> shift) & 0xff);
        }
    }

    Bytes bytes_;
};

class Reader {
  public:
    Reader(BytesView bytes, char kind) : rest_(bytes) {
        if (take(kMagic.size()) != kMagic) {
            throw SerdeError("not a member of this application's group protocol: bad magic");
        }
        if (take(1)[0] != kind) {
            throw SerdeError("bad group member data: unexpected kind");
        }
        const auto version = unsigned_number(2);
        if (version != kFormatVersion) {
            throw SerdeError(
                "group member data of an unknown version: update this instance before those that "
                "write the newer one; version " +
                std::to_string(version) + ", known up to " + std::to_string(kFormatVersion));
        }
    }

    std::uint8_t flags() { return static_cast<std::uint8_t>(unsigned_number(1)); }
    std::string text() { return std::string(take(unsigned_number(2))); }
    std::vector<TaskId> tasks() {
        const std::uint64_t count = unsigned_number(4);
        if (count * 8 > rest_.size()) {
            throw SerdeError("bad group member data: truncated");
        }
        std::vector<TaskId> tasks;
        tasks.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto sub_topology = index();
            tasks.push_back({sub_topology, index()});
        }
        return tasks;
    }
    void expect_end() const {
        if (!rest_.empty()) {
            throw SerdeError("bad group member data: trailing bytes");
        }
    }

  private:
    BytesView take(std::uint64_t count) {
        if (count > rest_.size()) {
            throw SerdeError("bad group member data: truncated");
        }
        const BytesView taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }
    std::uint64_t unsigned_number(int bytes) {
        std::uint64_t value = 0;
        for (const char byte : take(static_cast<std::uint64_t>(bytes))) {
            value = (value << 8) | static_cast<std::uint8_t>(byte);
        }
        return value;
    }
    std::int32_t index() {
        const std::uint64_t value = unsigned_number(4);
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
            throw SerdeError("bad group member data: task number out of range");
        }
        return static_cast<std::int32_t>(value);
    }

    BytesView rest_;
};

}  // namespace

Bytes encode(const SubscriptionInfo& info) {
    Writer writer(kSubscription);
    writer.flags(info.shut_down_application ? kShutDown : 0);
    writer.text(info.process_id);
    writer.text(info.thread_name);
    writer.tasks(info.active);
    writer.tasks(info.on_disk);
    return writer.take();
}

Bytes encode(const AssignmentInfo& info) {
    Writer writer(kAssignment);
    writer.flags(static_cast<std::uint8_t>(info.stop));
    writer.tasks(info.active);
    return writer.take();
}

SubscriptionInfo decode_subscription(BytesView bytes) {
    Reader reader(bytes, kSubscription);
    SubscriptionInfo info;
    info.shut_down_application = (reader.flags() & kShutDown) != 0;
    info.process_id = reader.text();
    info.thread_name = reader.text();
    info.active = reader.tasks();
    info.on_disk = reader.tasks();
    reader.expect_end();
    return info;
}

AssignmentInfo decode_assignment(BytesView bytes) {
    Reader reader(bytes, kAssignment);
    AssignmentInfo info;
    const std::uint8_t stop = reader.flags();
    if (stop > static_cast<std::uint8_t>(StopReason::kUnknownVersion)) {
        throw SerdeError("bad group member data: unknown reason to stop");
    }
    info.stop = static_cast<StopReason>(stop);
    info.active = reader.tasks();
    reader.expect_end();
    return info;
}

}  // namespace millrace::assignment
