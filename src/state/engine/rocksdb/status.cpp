// SPDX-License-Identifier: Apache-2.0
#include "state/engine/rocksdb/status.hpp"

#include "millrace/core/error.hpp"
#include "state/format/state_corrupted.hpp"

#include <array>
#include <string_view>

namespace millrace::state {
namespace {

struct Hint {
    std::string_view text;  // In the operating system's words.
    std::string_view hint;
};

constexpr std::array kHints{
    Hint{"No space left on device",
         "the disk is full: free space, or set state.dir to a larger disk"},
    Hint{"Disk quota exceeded", "the disk quota is exhausted: raise it, or change state.dir"},
    Hint{"File too large", "the limit on file sizes (ulimit -f) is too low"},
    Hint{"Too many open files", "raise the limit on open files (ulimit -n)"},
    Hint{"Permission denied",
         "the folder must belong to the user who runs the process, or change state.dir"},
    Hint{"Read-only file system", "the file system is mounted read-only: change state.dir"},
};

}  // namespace

void throw_if_failed(const rocksdb::Status& status, const std::string& where) {
    if (status.ok()) [[likely]] {
        return;
    }
    const std::string text = status.ToString();
    for (const Hint& hint : kHints) {
        if (text.find(hint.text) != std::string::npos) {
            throw StateError(where + ": " + std::string(hint.hint) + " (" + text + ")");
        }
    }
    // RocksDB's open looks only for files that the database's manifest lists.
    if (status.IsCorruption() || status.IsPathNotFound() || status.IsNotFound()) {
        throw StateCorrupted(where + ": files are damaged or missing (" + text + ")");
    }
    throw StateError(where + ": " + text);
}

}  // namespace millrace::state
