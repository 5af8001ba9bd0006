// SPDX-License-Identifier: Apache-2.0
#include "integration/child_process.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

namespace millrace::testing {

ChildProcess::ChildProcess(const std::vector<std::string>& command, std::string output_file)
    : output_file_(std::move(output_file)) {
    // Only async-signal-safe calls are allowed between fork and exec: everything is prepared
    // before.
    std::vector<char*> arguments;
    for (const auto& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    const int file = ::open(output_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) {
        throw std::runtime_error("cannot write " + output_file_);
    }
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(file, STDOUT_FILENO);
        ::dup2(file, STDERR_FILENO);
        ::execv(arguments[0], arguments.data());
        ::_exit(127);
    }
    ::close(file);
    if (pid_ < 0) {
        throw std::runtime_error("cannot start " + command.front());
    }
}

ChildProcess::~ChildProcess() {
    if (running()) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

bool ChildProcess::running() {
    if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) {
        pid_ = 0;
    }
    return pid_ > 0;
}

int ChildProcess::stop(int signal, std::chrono::seconds timeout) {
    if (running()) {
        ::kill(pid_, signal);
    }
    return wait(timeout);
}

int ChildProcess::wait(std::chrono::seconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (running()) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("a program has not ended in time; it said:\n" + output());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);
}

std::string ChildProcess::output() const {
    std::ifstream file(output_file_);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace millrace::testing
