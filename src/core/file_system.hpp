// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// Holds a lock on a file for its lifetime.
class FileLock {
  public:
    virtual ~FileLock() = default;
};

/// The interface to files, except those that RocksDB manages. Thread-safe.
///
/// Errors: a StateError that contains the path, and the remedy if the disk is full or not writable.
class FileSystem {
  public:
    using Path = std::filesystem::path;
    virtual ~FileSystem() = default;

    /// Creates the folder and its parents if they do not exist; only the owner can access it.
    virtual void make_private_directory(const Path& directory) = 0;

    virtual bool exists(const Path& path) const = 0;

    /// Names within a folder, sorted. Empty if the folder does not exist.
    virtual std::vector<std::string> list(const Path& directory) const = 0;
    virtual bool is_directory(const Path& path) const = 0;

    /// When an entry was last added or removed, or touch() was called. Empty if the path does not
    /// exist.
    virtual std::optional<Timestamp> modified_at(const Path& path) const = 0;
    virtual void touch(const Path& path) = 0;

    /// Recursively. No effect if it does not exist.
    virtual void remove_all(const Path& path) = 0;

    /// Empty if the file does not exist.
    virtual std::optional<Bytes> read(const Path& file) const = 0;

    /// Replaces the file atomically: after a crash it has the old or the new content.
    virtual void write(const Path& file, BytesView content) = 0;

    /// Locks a file for this process and creates it if it does not exist. Null if any process
    /// already holds the lock; then `holder` is the content that the holder wrote into the file.
    virtual std::unique_ptr<FileLock> try_lock(const Path& file, BytesView content,
                                               Bytes& holder) = 0;
};

/// The files of the operating system. Never destroyed.
FileSystem& system_files();

}  // namespace millrace
