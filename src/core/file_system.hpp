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

/// Holds a lock on a file as long as it lives.
class FileLock {
  public:
    virtual ~FileLock() = default;
};

/// The seam to files, for everything but what RocksDB does with its own. Thread-safe.
///
/// Errors: StateError that names the path, and says what to do when the disk is full or not
/// writable.
class FileSystem {
  public:
    using Path = std::filesystem::path;
    virtual ~FileSystem() = default;

    /// Makes the folder and those above it where they are missing; only the owner may enter it.
    virtual void make_private_directory(const Path& directory) = 0;

    virtual bool exists(const Path& path) const = 0;

    /// Names within a folder, sorted; none when there is no such folder.
    virtual std::vector<std::string> list(const Path& directory) const = 0;
    virtual bool is_directory(const Path& path) const = 0;

    /// When something was last put into or taken out of a folder, or touch() was called; nothing
    /// when the path does not exist.
    virtual std::optional<Timestamp> modified_at(const Path& path) const = 0;
    virtual void touch(const Path& path) = 0;

    /// With everything in it. Nothing happens when it does not exist.
    virtual void remove_all(const Path& path) = 0;

    /// Nothing when the file does not exist.
    virtual std::optional<Bytes> read(const Path& file) const = 0;

    /// Replaces the file: after a crash it holds the old or the new content, whole.
    virtual void write(const Path& file, BytesView content) = 0;

    /// Locks a file, made where it is missing, for this process. Null when it is locked already, by
    /// any process; then `holder` is what the holder wrote into it.
    virtual std::unique_ptr<FileLock> try_lock(const Path& file, BytesView content,
                                               Bytes& holder) = 0;
};

/// The files of the operating system. Lives for ever.
FileSystem& system_files();

}  // namespace millrace
