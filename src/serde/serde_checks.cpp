// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/serde/serde_checks.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>

namespace millrace::detail {
namespace {

std::string readable(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
    return name == nullptr ? type.name() : name.get();
}

template <class Work>
bool done(const Work& work) {
    try {
        work();
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

}  // namespace

SerdeChecks::Scope::Scope(SerdeChecks* checks) noexcept
    : outer_(std::exchange(serde_checks, checks)) {}

SerdeChecks::Scope::~Scope() {
    serde_checks = outer_;
}

void* SerdeChecks::used_object(const SerdeFunctions& functions) {
    std::shared_ptr<void>& object = used_[functions.value_type];
    if (object == nullptr) {
        object = std::shared_ptr<void>(functions.make(), functions.destroy);
    }
    return object.get();
}

bool SerdeChecks::Check::write(const void* value) {
    Bytes behind(kHeld);
    if (!done([&] {
            functions_.write(serde_, value, alone_);
            functions_.write(serde_, value, behind);
        })) {
        return false;
    }
    compare_appended(behind);
    return true;
}

void SerdeChecks::Check::read(BytesView bytes) {
    Bytes of_new;
    Bytes of_used;
    if (done([&] {
            const std::unique_ptr<void, void (*)(void*)> fresh(functions_.make(),
                                                               functions_.destroy);
            void* const used = checks_->used_object(functions_);
            functions_.read(serde_, bytes, fresh.get());
            functions_.write(serde_, fresh.get(), of_new);
            functions_.read(serde_, bytes, used);
            functions_.write(serde_, used, of_used);
        })) {
        compare_read(of_new, of_used);
    }
}

void SerdeChecks::Check::compare_appended(BytesView behind) {
    if (!behind.starts_with(kHeld)) {
        found(
            "serialize_to does not append: it overwrites the content of its buffer. Append to the "
            "buffer, or return the bytes: Bytes serialize(const T&)");
    } else if (behind.substr(kHeld.size()) != alone_) {
        found(
            "writes different bytes in a second call: equal values must have equal bytes, "
            "regardless of the buffer's content");
    }
}

void SerdeChecks::Check::same_bytes(std::string_view function, BytesView bytes) {
    if (bytes != alone_) {
        found(std::string(function) + " writes different bytes than serialize");
    }
}

void SerdeChecks::Check::compare_read(BytesView of_new, BytesView of_used) {
    if (of_new != of_used) {
        found(
            "deserialize_into keeps parts of the previous value of its object, which mixes "
            "records. Overwrite every member, or return a new object: T deserialize(BytesView)");
    }
}

void SerdeChecks::Check::found(const std::string& what) {
    if (!checks_->finding_) {
        checks_->finding_ = readable(*type_) + ": " + what;
    }
}

}  // namespace millrace::detail
