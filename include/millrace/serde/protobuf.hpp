// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/serde/serde.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message_lite.h>

#include <concepts>
#include <limits>

namespace millrace {

/// A class that protoc generated.
template <class T>
concept ProtobufMessage = std::derived_from<T, google::protobuf::MessageLite>;

/// The message in protobuf's wire format, as generated Java classes write it. Deterministic: fields
/// by number, map entries sorted by key, so equal messages have equal bytes within one application.
///
/// The only header that includes protobuf; link millrace::protobuf.
template <ProtobufMessage T>
struct Serde<T> : detail::BuiltInSerde<T> {
    /// Throws SerdeError if a required field (proto2) is missing or the message exceeds 2 GiB.
    static void serialize_to(const T& value, Bytes& out) {
        google::protobuf::io::StringOutputStream stream(&out);
        google::protobuf::io::CodedOutputStream coded(&stream);
        coded.SetSerializationDeterministic(true);
        if (!value.IsInitialized() || !value.SerializeToCodedStream(&coded)) {
            throw SerdeError("cannot serialise protobuf message " + value.GetTypeName());
        }
    }
    static void deserialize_into(BytesView bytes, T& out) {
        if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
            !out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
            throw SerdeError("not a protobuf message " + out.GetTypeName());
        }
    }
};

}  // namespace millrace
