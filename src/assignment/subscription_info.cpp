// SPDX-License-Identifier: Apache-2.0
#include "assignment/subscription_info.hpp"

#include "assignment/member_data.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <utility>

namespace millrace::assignment {

namespace {

// Flags of a subscription. Readers of version 1 ignore unknown flags.
constexpr std::uint8_t kShutDown = 1;
constexpr std::uint8_t kReadsVersion2 = 2;

// Field numbers. They are never reused.
namespace subscription {
enum : std::uint16_t {
    kFlags = 1,
    kProcess,
    kThread,
    kActive,
    kStandby,
    kOnDisk,
    kClientTags,
    kEndpoint,
    kSizes,
    kTransactionalIds
};
}
namespace assigned {
enum : std::uint16_t { kStop = 1, kActive, kStandby, kNextProbing, kAwaited, kDeparted, kLeader };
}

/// Reads the header. Returns the version of the writer.
std::uint16_t read_header(MemberDataReader& reader, MemberDataKind kind) {
    if (reader.take(kMagic.size()) != kMagic) {
        throw SerdeError("bad group member data: it was not written by Millrace");
    }
    if (reader.take(1)[0] != static_cast<char>(kind)) {
        throw SerdeError("bad group member data: unexpected kind");
    }
    const auto version = reader.number<std::uint16_t>();
    if (version == kFirstVersion) {
        return version;
    }
    const auto readable_from = reader.number<std::uint16_t>();
    if (version == 0 || readable_from > version) {
        throw SerdeError("bad group member data: version out of range");
    }
    if (readable_from > kFormatVersion) {
        throw SerdeError(
            "group member data of an unknown version: update this instance before those that "
            "write the newer one; version " +
            std::to_string(version) + ", readable from version " + std::to_string(readable_from) +
            ", known up to " + std::to_string(kFormatVersion));
    }
    return version;
}

/// Calls `read` with the number and the contents of each field. Skips bytes that `read` leaves: a
/// later version has added them.
template <class Read>
void read_fields(MemberDataReader& reader, Read read) {
    std::uint16_t last = 0;
    while (!reader.done()) {
        const auto id = reader.number<std::uint16_t>();
        if (id <= last) {
            throw SerdeError("bad group member data: fields are not in order");
        }
        last = id;
        MemberDataReader contents(reader.sized<std::uint32_t>());
        read(id, contents);
    }
}

Bytes encode_first(const SubscriptionInfo& info) {
    MemberDataWriter writer(MemberDataKind::kSubscription, kFirstVersion);
    writer.number(static_cast<std::uint8_t>((info.shut_down_application ? kShutDown : 0) |
                                            (info.reads >= 2 ? kReadsVersion2 : 0)));
    writer.text(info.process_id);
    writer.text(info.thread_name);
    writer.tasks(info.active);
    writer.number(static_cast<std::uint32_t>(info.on_disk.size()));
    for (const auto& [task, lag] : info.on_disk) {
        writer.task(task);
    }
    return writer.take();
}

SubscriptionInfo decode_first(MemberDataReader& reader) {
    SubscriptionInfo info;
    const auto flags = reader.number<std::uint8_t>();
    info.shut_down_application = (flags & kShutDown) != 0;
    info.reads = (flags & kReadsVersion2) != 0 ? 2 : 1;
    info.process_id = reader.text();
    info.thread_name = reader.text();
    info.active = reader.tasks();
    for (const TaskId& task : reader.tasks()) {
        info.on_disk.emplace(task, kUnknownLag);
    }
    reader.expect_end();
    return info;
}

/// Reads tasks with a number each, not less than `least`.
std::map<TaskId, std::int64_t> read_numbers(MemberDataReader& reader, std::int64_t least) {
    std::map<TaskId, std::int64_t> numbers;
    for (std::size_t left = reader.count(16); left > 0; --left) {
        const TaskId task = reader.task();
        numbers[task] = std::max(reader.number<std::int64_t>(), least);
    }
    return numbers;
}

std::map<std::string, std::string> read_tags(MemberDataReader& reader) {
    std::map<std::string, std::string> tags;
    for (std::size_t left = reader.count(4); left > 0; --left) {
        std::string key = reader.text();
        tags[std::move(key)] = reader.text();
    }
    return tags;
}

void read_field(SubscriptionInfo& info, std::uint16_t id, MemberDataReader& contents) {
    switch (id) {
        case subscription::kFlags:
            info.shut_down_application = (contents.number<std::uint8_t>() & kShutDown) != 0;
            break;
        case subscription::kProcess:
            info.process_id = contents.text();
            break;
        case subscription::kThread:
            info.thread_name = contents.text();
            break;
        case subscription::kActive:
            info.active = contents.tasks();
            break;
        case subscription::kStandby:
            info.standby = contents.tasks();
            break;
        case subscription::kOnDisk:
            info.on_disk = read_numbers(contents, kUnknownLag);
            break;
        case subscription::kClientTags:
            info.client_tags = read_tags(contents);
            break;
        case subscription::kEndpoint:
            info.endpoint = contents.text();
            break;
        case subscription::kSizes:
            info.sizes = read_numbers(contents, 0);
            break;
        case subscription::kTransactionalIds:
            info.transactional_ids = contents.texts();
            break;
        default:
            break;  // A field of a later version.
    }
}

StopReason read_stop(MemberDataReader& reader) {
    const auto stop = reader.number<std::uint8_t>();
    if (stop > static_cast<std::uint8_t>(StopReason::kUnknownVersion)) {
        throw SerdeError("bad group member data: unknown reason to stop");
    }
    return static_cast<StopReason>(stop);
}

std::chrono::milliseconds read_time(MemberDataReader& reader) {
    constexpr std::uint64_t kLongest = std::uint64_t{365} * 86'400'000;
    return std::chrono::milliseconds{
        static_cast<std::int64_t>(std::min(reader.number<std::uint64_t>(), kLongest))};
}

void read_field(AssignmentInfo& info, std::uint16_t id, MemberDataReader& contents) {
    switch (id) {
        case assigned::kStop:
            info.stop = read_stop(contents);
            break;
        case assigned::kActive:
            info.active = contents.tasks();
            break;
        case assigned::kStandby:
            info.standby = contents.tasks();
            break;
        case assigned::kNextProbing:
            info.next_probing = read_time(contents);
            break;
        case assigned::kAwaited:
            info.acceptable_lag = contents.number<TaskLag>();
            info.awaited = contents.tasks();
            info.acceptable_lag = info.awaited.empty() ? 0 : info.acceptable_lag;
            break;
        case assigned::kDeparted:
            info.departed = contents.texts();
            break;
        case assigned::kLeader:
            info.leader = contents.texts();
            break;
        default:
            break;  // A field of a later version.
    }
}

}  // namespace

Bytes encode(const SubscriptionInfo& info, std::uint16_t version) {
    if (version == kFirstVersion) {
        return encode_first(info);
    }
    MemberDataWriter writer(MemberDataKind::kSubscription, kFormatVersion);
    writer.field(subscription::kFlags, [&] {
        writer.number(std::uint8_t{info.shut_down_application ? kShutDown : std::uint8_t{0}});
    });
    writer.field(subscription::kProcess, [&] { writer.text(info.process_id); });
    writer.field(subscription::kThread, [&] { writer.text(info.thread_name); });
    writer.field(subscription::kActive, [&] { writer.tasks(info.active); });
    writer.field(subscription::kStandby, [&] { writer.tasks(info.standby); });
    writer.field(subscription::kOnDisk, [&] { writer.numbers(info.on_disk); });
    writer.field(subscription::kClientTags, [&] {
        writer.number(static_cast<std::uint32_t>(info.client_tags.size()));
        for (const auto& [key, value] : info.client_tags) {
            writer.text(key);
            writer.text(value);
        }
    });
    writer.field(subscription::kEndpoint, [&] { writer.text(info.endpoint); });
    writer.field(subscription::kSizes, [&] { writer.numbers(info.sizes); });
    if (!info.transactional_ids.empty()) {
        writer.field(subscription::kTransactionalIds,
                     [&] { writer.texts(info.transactional_ids); });
    }
    return writer.take();
}

Bytes encode(const AssignmentInfo& info) {
    const auto stop = static_cast<std::uint8_t>(info.stop);
    if (info.version == kFirstVersion) {
        MemberDataWriter writer(MemberDataKind::kAssignment, kFirstVersion);
        writer.number(stop);
        writer.tasks(info.active);
        return writer.take();
    }
    MemberDataWriter writer(MemberDataKind::kAssignment, kFormatVersion);
    writer.field(assigned::kStop, [&] { writer.number(stop); });
    writer.field(assigned::kActive, [&] { writer.tasks(info.active); });
    writer.field(assigned::kStandby, [&] { writer.tasks(info.standby); });
    if (info.next_probing) {
        writer.field(assigned::kNextProbing, [&] {
            writer.number(static_cast<std::uint64_t>(info.next_probing->count()));
        });
    }
    if (!info.awaited.empty()) {
        writer.field(assigned::kAwaited, [&] {
            writer.number(info.acceptable_lag);
            writer.tasks(info.awaited);
        });
    }
    if (!info.departed.empty()) {
        writer.field(assigned::kDeparted, [&] { writer.texts(info.departed); });
    }
    if (!info.leader.empty()) {
        writer.field(assigned::kLeader, [&] { writer.texts(info.leader); });
    }
    return writer.take();
}

SubscriptionInfo decode_subscription(BytesView bytes) {
    MemberDataReader reader(bytes);
    const std::uint16_t version = read_header(reader, MemberDataKind::kSubscription);
    if (version == kFirstVersion) {
        return decode_first(reader);
    }
    SubscriptionInfo info;
    info.reads = version;
    read_fields(reader, [&info](std::uint16_t id, MemberDataReader& contents) {
        read_field(info, id, contents);
    });
    return info;
}

AssignmentInfo decode_assignment(BytesView bytes) {
    MemberDataReader reader(bytes);
    AssignmentInfo info;
    info.version = read_header(reader, MemberDataKind::kAssignment);
    if (info.version == kFirstVersion) {
        info.stop = read_stop(reader);
        info.active = reader.tasks();
        reader.expect_end();
        return info;
    }
    read_fields(reader, [&info](std::uint16_t id, MemberDataReader& contents) {
        read_field(info, id, contents);
    });
    return info;
}

}  // namespace millrace::assignment
