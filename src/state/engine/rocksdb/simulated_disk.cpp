// SPDX-License-Identifier: Apache-2.0
#include "state/engine/rocksdb/simulated_disk.hpp"

#include "core/thread_annotations.hpp"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

namespace millrace::state {

namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

}  // namespace

class SimulatedDisk::Files final : public rocksdb::FileSystemWrapper {
  public:
    Files() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

    const char* Name() const override { return "SimulatedDisk"; }

    IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* result,
                             IODebugContext* context) override;

    void set_full(const std::string& folder, bool full) {
        const MutexLock lock(mutex_);
        if (full) {
            full_.insert(folder);
        } else {
            full_.erase(folder);
        }
    }

    /// The operating system's error, in its words.
    IOStatus check_space(const std::string& file) const {
        const MutexLock lock(mutex_);
        const bool full = std::any_of(full_.begin(), full_.end(), [&](const std::string& folder) {
            return file.starts_with(folder + "/");
        });
        return full ? IOStatus::NoSpace(file, "No space left on device") : IOStatus::OK();
    }

  private:
    class WritableFile;

    mutable Mutex mutex_;
    std::set<std::string> full_ MILLRACE_GUARDED_BY(mutex_);
};

class SimulatedDisk::Files::WritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
  public:
    WritableFile(std::unique_ptr<rocksdb::FSWritableFile> file, const Files& files,
                 std::string name)
        : FSWritableFileOwnerWrapper(std::move(file)), files_(files), name_(std::move(name)) {}

    using FSWritableFileOwnerWrapper::Append;
    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* context) override {
        const IOStatus space = files_.check_space(name_);
        return space.ok() ? FSWritableFileOwnerWrapper::Append(data, options, context) : space;
    }
    IOStatus Append(const Slice& data, const IOOptions& options,
                    const rocksdb::DataVerificationInfo& verification,
                    IODebugContext* context) override {
        const IOStatus space = files_.check_space(name_);
        return space.ok() ? FSWritableFileOwnerWrapper::Append(data, options, verification, context)
                          : space;
    }

  private:
    const Files& files_;
    std::string name_;
};

IOStatus SimulatedDisk::Files::NewWritableFile(const std::string& name,
                                               const rocksdb::FileOptions& options,
                                               std::unique_ptr<rocksdb::FSWritableFile>* result,
                                               IODebugContext* context) {
    const IOStatus space = check_space(name);
    if (!space.ok()) {
        return space;
    }
    IOStatus made = FileSystemWrapper::NewWritableFile(name, options, result, context);
    if (made.ok()) {
        *result = std::make_unique<WritableFile>(std::move(*result), *this, name);
    }
    return made;
}

SimulatedDisk::SimulatedDisk() {
    auto files = std::make_shared<Files>();
    files_ = files.get();
    env_ = rocksdb::NewCompositeEnv(std::move(files)).release();
}

SimulatedDisk& SimulatedDisk::instance() {
    static auto* const disk = new SimulatedDisk;  // Databases use it until the process ends.
    return *disk;
}

bool SimulatedDisk::is_full(const std::string& folder) const {
    return !files_->check_space(folder + "/").ok();
}

void SimulatedDisk::set_full(const std::string& folder, bool full) {
    files_->set_full(folder, full);
}

}  // namespace millrace::state
