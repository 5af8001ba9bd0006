// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

namespace millrace::testing {

/// A program that a test starts, with its output in a file. The destructor kills it. Not
/// thread-safe.
class ChildProcess {
  public:
    /// Appends standard output and standard error of the program to `output_file`.
    ChildProcess(const std::vector<std::string>& command, std::string output_file);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// Sends `signal` and waits for the end. Returns its exit code, or the negated number of the
    /// signal that ended it. Throws std::runtime_error if it still runs after `timeout`.
    int stop(int signal = SIGTERM, std::chrono::seconds timeout = std::chrono::seconds(60));

    /// Waits until it ends without a signal; otherwise like stop().
    int wait(std::chrono::seconds timeout = std::chrono::seconds(60));

    bool running();

    /// The content of the output file so far.
    std::string output() const;

  private:
    std::string output_file_;
    pid_t pid_ = 0;
    int status_ = 0;
};

}  // namespace millrace::testing
