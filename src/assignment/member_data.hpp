// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/byte_reader.hpp"
#include "millrace/core/bytes.hpp"
#include "millrace/core/error.hpp"
#include "millrace/core/task_id.hpp"
#include "millrace/detail/serde/big_endian.hpp"

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace millrace::assignment {

// docs/formats/subscription-info.md

inline constexpr BytesView kMagic = "MRAS";
inline constexpr std::uint16_t kFirstVersion = 1;  // A fixed layout without field numbers.
inline constexpr std::uint16_t kReadableFrom = 2;  // The first version with field numbers.

enum class MemberDataKind : char { kSubscription = 1, kAssignment = 2 };

/// Writes big-endian numbers, and contents after their lengths.
class MemberDataWriter {
  public:
    MemberDataWriter(MemberDataKind kind, std::uint16_t version) {
        bytes_ = kMagic;
        bytes_ += static_cast<char>(kind);
        number(version);
        if (version != kFirstVersion) {
            number(kReadableFrom);
        }
    }

    void number(std::integral auto value) { detail::append_big_endian(value, bytes_); }
    /// Without what does not fit.
    void text(BytesView value) {
        value = value.substr(0, std::numeric_limits<std::uint16_t>::max());
        number(static_cast<std::uint16_t>(value.size()));
        bytes_ += value;
    }
    void texts(const std::vector<std::string>& values) {
        number(static_cast<std::uint32_t>(values.size()));
        for (const std::string& value : values) {
            text(value);
        }
    }
    void task(TaskId task) {
        number(task.sub_topology);
        number(task.partition);
    }
    void tasks(const std::vector<TaskId>& tasks) {
        number(static_cast<std::uint32_t>(tasks.size()));
        for (const TaskId& each : tasks) {
            task(each);
        }
    }
    void numbers(const std::map<TaskId, std::int64_t>& numbers) {
        number(static_cast<std::uint32_t>(numbers.size()));
        for (const auto& [of, value] : numbers) {
            task(of);
            number(value);
        }
    }
    void field(std::uint16_t id, std::invocable auto contents) {
        number(id);
        const std::size_t start = bytes_.size();
        contents();
        Bytes length;
        detail::append_big_endian(static_cast<std::uint32_t>(bytes_.size() - start), length);
        bytes_.insert(start, length);
    }
    Bytes take() { return std::move(bytes_); }

  private:
    Bytes bytes_;
};

struct TruncatedMemberData {
    [[noreturn]] void operator()() const { throw SerdeError("bad group member data: truncated"); }
};

class MemberDataReader : public ByteReader<TruncatedMemberData> {
  public:
    using ByteReader::ByteReader;

    std::string text() { return std::string(sized<std::uint16_t>()); }
    std::vector<std::string> texts() {
        std::vector<std::string> texts(count(2));
        for (std::string& each : texts) {
            each = text();
        }
        return texts;
    }
    TaskId task() {
        const auto sub_topology = index();
        return {sub_topology, index()};
    }
    std::vector<TaskId> tasks() {
        std::vector<TaskId> tasks(count(8));
        for (TaskId& each : tasks) {
            each = task();
        }
        return tasks;
    }
    /// Reads a count of items of at least `size` bytes each.
    std::size_t count(std::size_t size) {
        const std::uint64_t count = number<std::uint32_t>();
        if (count * size > rest().size()) {
            fail();
        }
        return count;
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

}  // namespace millrace::assignment
