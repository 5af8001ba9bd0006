// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace millrace {

/// What the caller can do about an Error. See Error::kind.
enum class ErrorKind {
    kInvalidTopology,  ///< The program is wrong: fix the code.
    kInvalidConfig,    ///< The configuration is wrong: fix the setting named in the message.
    kInvalidArgument,  ///< A call's argument is wrong, or the call came at the wrong time.
    kSerde,            ///< A record could not be read or written.
    kState,            ///< A state store is closed, missing, damaged or cannot be written.
    kKafka,            ///< The cluster refused or did not answer.
    kProcessing,       ///< The user's code failed and its handler decided to fail.
    kInternal,         ///< A defect of this library.
};

/// Base of every exception this library throws.
class Error : public std::runtime_error {
  public:
    Error(ErrorKind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}

    ErrorKind kind() const noexcept { return kind_; }

  private:
    ErrorKind kind_;
};

/// The topology is not well formed. Thrown by the verb that is wrong.
class TopologyError final : public Error {
  public:
    explicit TopologyError(const std::string& what) : Error(ErrorKind::kInvalidTopology, what) {}
};

/// A setting is missing, unknown or out of range. Names the setting, its value and what is
/// accepted.
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

/// The Kafka cluster refused or did not answer, and trying again will not help.
class KafkaError final : public Error {
  public:
    explicit KafkaError(const std::string& what) : Error(ErrorKind::kKafka, what) {}
};

/// A record could not be processed and the handler in charge decided to fail.
class ProcessingError final : public Error {
  public:
    explicit ProcessingError(const std::string& what) : Error(ErrorKind::kProcessing, what) {}
};

/// A defect of this library: please report it.
class InternalError final : public Error {
  public:
    explicit InternalError(const std::string& what) : Error(ErrorKind::kInternal, what) {}
};

}  // namespace millrace
