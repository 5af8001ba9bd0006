// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace millrace {

/// How the caller can resolve an Error. See Error::kind.
enum class ErrorKind {
    kInvalidTopology,  ///< The topology is wrong: fix the code.
    kInvalidConfig,    ///< The configuration is wrong: fix the setting in the message.
    kInvalidArgument,  ///< A call has an invalid argument, or came at the wrong time.
    kSerde,            ///< A record could not be read or written.
    kState,            ///< A state store is closed, missing, damaged or cannot be written.
    kKafka,            ///< The cluster refused or did not respond.
    kProcessing,       ///< User code failed and its handler decided to fail.
    kInternal,         ///< A bug in this library.
};

/// Base class of every exception of this library.
class Error : public std::runtime_error {
  public:
    Error(ErrorKind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}

    ErrorKind kind() const noexcept { return kind_; }

  private:
    ErrorKind kind_;
};

/// The topology is invalid. Thrown by the wrong verb.
class TopologyError final : public Error {
  public:
    explicit TopologyError(const std::string& what) : Error(ErrorKind::kInvalidTopology, what) {}
};

/// A setting is missing, unknown or out of range. Contains the setting, its value and the accepted
/// values.
class ConfigError final : public Error {
  public:
    explicit ConfigError(const std::string& what) : Error(ErrorKind::kInvalidConfig, what) {}
};

/// Bytes that are not a value of the expected type.
class SerdeError final : public Error {
  public:
    explicit SerdeError(const std::string& what) : Error(ErrorKind::kSerde, what) {}
};

/// A state store is closed, missing, damaged or cannot be written.
class StateError final : public Error {
  public:
    explicit StateError(const std::string& what) : Error(ErrorKind::kState, what) {}
};

/// The Kafka cluster refused or did not respond, and a retry will not help.
class KafkaError final : public Error {
  public:
    explicit KafkaError(const std::string& what) : Error(ErrorKind::kKafka, what) {}
};

/// A record could not be processed and its handler decided to fail.
class ProcessingError final : public Error {
  public:
    explicit ProcessingError(const std::string& what) : Error(ErrorKind::kProcessing, what) {}
};

/// A bug in this library: please report it.
class InternalError final : public Error {
  public:
    explicit InternalError(const std::string& what) : Error(ErrorKind::kInternal, what) {}
};

}  // namespace millrace
