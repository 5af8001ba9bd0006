// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>
#include <string>
#include <vector>

namespace millrace::testing {

/// A real Apache Kafka broker (one KRaft node on loopback) with its own data folder.
///
/// The constructor starts it through tools/kafka on free ports and returns when it is ready. The
/// destructor stops it by its pid and deletes its data. If the test program dies without running
/// the destructor, the broker still ends and its data are deleted.
///
/// Errors: every function throws std::runtime_error with the output of tools/kafka; if Java or
/// Kafka's jars are missing, that names the script that installs them. Not thread-safe.
class KafkaBroker {
  public:
    /// Starts a broker; each of `settings` is a broker setting as `name=value`.
    explicit KafkaBroker(const std::vector<std::string>& settings = {});
    ~KafkaBroker();

    KafkaBroker(const KafkaBroker&) = delete;
    KafkaBroker& operator=(const KafkaBroker&) = delete;

    /// Returns the broker that tests share if they do not stop it: the one that ctest has started
    /// for all test programs, or otherwise one of this process that lives until the process ends.
    /// Other tests use it at the same time, so names of topics and groups must be unique (see
    /// unique_name). Thread-safe.
    static KafkaBroker& shared();

    const std::string& bootstrap_servers() const noexcept { return bootstrap_servers_; }
    pid_t pid() const noexcept { return pid_; }

    /// Shuts the broker down cleanly. Its data are kept for start_again().
    void stop();

    /// Ends the broker like a crash. Its data are kept for start_again().
    void kill9();

    /// Freezes the broker: connections stay open, but there are no responses until resume().
    void freeze();
    void resume();

    /// Starts the stopped or killed broker on the same port and data.
    void start_again();

  private:
    struct Shared {};
    explicit KafkaBroker(Shared shared);

    void start();

    std::string folder_;
    std::vector<std::string> settings_;
    std::string bootstrap_servers_;
    pid_t pid_ = 0;
    bool owned_ = true;  // False for a broker that ctest started and will stop.
};

/// Returns `prefix` and a suffix that is unique in all processes.
std::string unique_name(const std::string& prefix);

}  // namespace millrace::testing
