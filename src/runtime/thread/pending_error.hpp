// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/task/task_errors.hpp"

#include <exception>
#include <utility>

namespace millrace::runtime {

/// Stores an error of a callback that must not throw until it can be thrown. Of several errors,
/// stores the one with the widest consequence: an error that ends the thread, then
/// RestartFromCommit, then TaskFailure, because damaged state is detected again after a restart; of
/// equal ones, the last.
///
/// Not thread-safe.
class PendingError {
  public:
    /// Must be called in a catch block.
    void remember() {
        const std::exception_ptr error = std::current_exception();
        if (error_ == nullptr || weight(error) >= weight(error_)) {
            error_ = error;
        }
    }

    /// Throws the error that was stored since the last call.
    void throw_pending() {
        if (error_ != nullptr) {
            std::rethrow_exception(std::exchange(error_, nullptr));
        }
    }

  private:
    static int weight(const std::exception_ptr& error) {
        try {
            std::rethrow_exception(error);
        } catch (const TaskFailure&) {
            return 1;
        } catch (const RestartFromCommit&) {
            return 2;
        } catch (...) {
            return 3;
        }
    }

    std::exception_ptr error_;
};

}  // namespace millrace::runtime
