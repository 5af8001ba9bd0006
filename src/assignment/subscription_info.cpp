// SPDX-License-Identifier: Apache-2.0
#include "assignment/subscription_info.hpp"

#include "core/byte_reader.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/serde/big_endian.hpp"

#include <concepts>
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
        number(kFormatVersion);
    }

    void flags(std::uint8_t value) { number(value); }
    /// Without what does not fit.
    void text(BytesView value) {
        value = value.substr(0, std::numeric_limits<std::uint16_t>::max());
        number(static_cast<std::uint16_t>(value.size()));
        bytes_ += value;
    }
    void tasks(const std::vector<TaskId>& tasks) {
        number(static_cast<std::uint32_t>(tasks.size()));
        for (const TaskId& task : tasks) {
            number(task.sub_topology);
            number(task.partition);
        }
    }
    Bytes take() { return std::move(bytes_); }

  private:
    void number(std::integral auto value) { detail::append_big_endian(value, bytes_); }

    Bytes bytes_;
};

struct Truncated {
    [[noreturn]] void operator()() const { throw SerdeError("bad group member data: truncated"); }
};

class Reader : public ByteReader<Truncated> {
  public:
    Reader(BytesView bytes, char kind) : ByteReader(bytes) {
        if (take(kMagic.size()) != kMagic) {
            throw SerdeError("not a member of this application's group protocol: bad magic");
        }
        if (take(1)[0] != kind) {
            throw SerdeError("bad group member data: unexpected kind");
        }
        const auto version = number<std::uint16_t>();
        if (version != kFormatVersion) {
            throw SerdeError(
                "group member data of an unknown version: update this instance before those that "
                "write the newer one; version " +
                std::to_string(version) + ", known up to " + std::to_string(kFormatVersion));
        }
    }

    std::uint8_t flags() { return number<std::uint8_t>(); }
    std::string text() { return std::string(sized<std::uint16_t>()); }
    std::vector<TaskId> tasks() {
        const std::uint64_t count = number<std::uint32_t>();
        if (count * 8 > rest().size()) {
            fail();
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
        if (!done()) {
            throw SerdeError("bad group member data: trailing bytes");
        }
    }

  private:
    std::int32_t index() {
        const auto value = number<std::int32_t>();
        if (value < 0) {
            throw SerdeError("bad group member data: task number out of range");
        }
        return value;
    }
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
