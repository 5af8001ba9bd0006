// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

namespace millrace::testing {

/// A program started by a test, its output in a file. The destructor kills it. Not thread-safe.
class ChildProcess {
  public:
    /// Appends what the program prints, errors too, to `output_file`.
    /// Throws std::runtime_error when it cannot be started.
    ChildProcess(const std::vector<std::string>& command, std::string output_file);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// Sends `signal`; waits for the end. Returns its exit code, or minus the signal that ended it.
    /// Throws std::runtime_error when it still runs after `timeout`.
    int stop(int signal = SIGTERM, std::chrono::seconds timeout = std::chrono::seconds(60));

    /// Waits for it to end by itself; else as stop().
    int wait(std::chrono::seconds timeout = std::chrono::seconds(60));

    bool running();

    /// Everything in the output file so far.
    std::string output() const;

  private:
    std::string output_file_;
    pid_t pid_ = 0;
    int status_ = 0;
};

}  // namespace millrace::testing
