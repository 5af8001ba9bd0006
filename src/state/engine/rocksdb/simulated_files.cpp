// SPDX-License-Identifier: Apache-2.0
#include "state/engine/rocksdb/simulated_files.hpp"

#include "core/simulated_disk.hpp"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <memory>
#include <string>
#include <utility>

namespace millrace::state {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

/// The operating system's error, in its words.
IOStatus check_space(const std::string& file) {
    return SimulatedDisk::instance().is_full(file)
               ? IOStatus::NoSpace(file, "No space left on device")
               : IOStatus::OK();
}

class WritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
  public:
    WritableFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string name)
        : FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)) {}

    using FSWritableFileOwnerWrapper::Append;
    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* context) override {
        IOStatus space = check_space(name_);
        return space.ok() ? FSWritableFileOwnerWrapper::Append(data, options, context) : space;
    }
    IOStatus Append(const Slice& data, const IOOptions& options,
                    const rocksdb::DataVerificationInfo& verification,
                    IODebugContext* context) override {
        IOStatus space = check_space(name_);
        return space.ok() ? FSWritableFileOwnerWrapper::Append(data, options, verification, context)
                          : space;
    }

  private:
    std::string name_;
};

class Files final : public rocksdb::FileSystemWrapper {
  public:
    Files() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

    const char* Name() const override { return "millrace.SimulatedFiles"; }

    IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* result,
                             IODebugContext* context) override {
        IOStatus space = check_space(name);
        if (!space.ok()) {
            return space;
        }
        IOStatus made = FileSystemWrapper::NewWritableFile(name, options, result, context);
        if (made.ok()) {
            *result = std::make_unique<WritableFile>(std::move(*result), name);
        }
        return made;
    }
};

}  // namespace

rocksdb::Env* simulated_files() {
    static rocksdb::Env* const files =
        rocksdb::NewCompositeEnv(std::make_shared<Files>()).release();
    return files;
}

}  // namespace millrace::state
