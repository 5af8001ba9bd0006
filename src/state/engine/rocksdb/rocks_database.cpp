// SPDX-License-Identifier: Apache-2.0
#include "state/engine/rocksdb/rocks_database.hpp"

#include "core/fail_point.hpp"
#include "core/file_system.hpp"
#include "core/simulator.hpp"
#include "state/engine/rocksdb/rocks_engine.hpp"
#include "state/engine/rocksdb/segment_engine.hpp"
#include "state/engine/rocksdb/status.hpp"
#include "state/format/state_corrupted.hpp"

#include <rocksdb/perf_level.h>

#include <set>
#include <utility>

namespace millrace::state {
namespace {

rocksdb::WriteOptions without_log() {
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    return options;
}

}  // namespace

std::unique_ptr<Database> open_database(const std::filesystem::path& directory,
                                        const std::string& owner, MemoryBudget& memory) {
    // By default RocksDB collects statistics for each thread, including key comparisons.
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
    return std::make_unique<RocksDatabase>(directory, owner, memory);
}

RocksDatabase::RocksDatabase(const std::filesystem::path& directory, const std::string& owner,
                             MemoryBudget& memory, Unopened /*unopened*/)
    : directory_(directory), owner_(owner), shared_(memory.engine()) {}

// Once the first constructor has returned, the destructor runs even if this one throws: RocksDB
// requires that the handles are destroyed before the database.
RocksDatabase::RocksDatabase(const std::filesystem::path& directory, const std::string& owner,
                             MemoryBudget& memory)
    : RocksDatabase(directory, owner, memory, Unopened{}) {
    system_files().make_private_directory(directory_.parent_path());
    system_files().make_private_directory(directory_);
    MILLRACE_FAIL_POINT("database.folder_made");
    system_files().remove_all(load_directory());  // Of an interrupted load.
    refuse_incomplete();
    open();
    MILLRACE_FAIL_POINT("database.opened");
    count_families(families_.size());
}

void RocksDatabase::open() {
    const rocksdb::DBOptions options = database_options(shared_, owner_);
    std::vector<std::string> names{rocksdb::kDefaultColumnFamilyName};
    if (system_files().exists(directory_ / "CURRENT")) {
        check(rocksdb::DB::ListColumnFamilies(options, directory_.string(), &names), "open");
    }
    const rocksdb::ColumnFamilyOptions family_options = store_options(shared_, names.size());
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    descriptors.reserve(names.size());
    for (const std::string& name : names) {
        descriptors.emplace_back(name, family_options);
    }
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    check(rocksdb::DB::Open(options, directory_.string(), descriptors, &handles, &db), "open");
    db_.reset(db);
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
        families_.emplace(handle->GetName(), handle);
    }
}

RocksDatabase::~RocksDatabase() {
    for (const auto* handles : {&families_, &doomed_}) {
        for (const auto& [name, handle] : *handles) {
            db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
        }
    }
    count_families(0);
}

void RocksDatabase::count_families(std::size_t count) noexcept {
    shared_.families += count - std::exchange(counted_families_, count);
}

// RocksDB would silently create a new database next to the files of the old one. Without files of
// rows there is no old one: a process was killed while it created the database.
void RocksDatabase::refuse_incomplete() const {
    if (system_files().exists(directory_ / "CURRENT")) {
        return;
    }
    for (const std::string& name : system_files().list(directory_)) {
        if (name.ends_with(".sst")) {
            throw StateCorrupted("cannot open the state database: task " + owner_ + ", folder " +
                                 directory_.string() + ": the file CURRENT is missing");
        }
    }
}

void RocksDatabase::check(const rocksdb::Status& status, const char* doing) const {
    if (!status.ok()) [[unlikely]] {
        throw_if_failed(status, std::string("cannot ") + doing + " the state database: task " +
                                    owner_ + ", folder " + directory_.string());
    }
}

std::unique_ptr<Engine> RocksDatabase::engine(const std::string& store, bool segmented) {
    if (segmented) {
        return std::make_unique<SegmentEngine>(*this, store);
    }
    return std::make_unique<RocksEngine>(*this, store);
}

std::optional<Bytes> RocksDatabase::store_metadata(const std::string& store) {
    std::string row;
    const rocksdb::Status status = db_->Get({}, store, &row);
    if (status.IsNotFound()) {
        return std::nullopt;
    }
    check(status, "read");
    return row;
}

void RocksDatabase::put_store_metadata(const std::string& store, const NullableBytes& row) {
    check(row ? batch_.Put(store, *row) : batch_.Delete(store), "write");
}

void RocksDatabase::write() {
    if (batch_.Count() == 0) {
        return;
    }
    check(db_->Write(without_log(), &batch_), "write");
    clear_batch();
}

// Keeps its memory, unless it belonged to a much larger batch.
void RocksDatabase::clear_batch() {
    constexpr std::size_t kLarge = 1 << 20;
    constexpr std::size_t kTimes = 8;
    const std::size_t capacity = batch_.Data().capacity();
    if (capacity > kLarge && capacity / kTimes > batch_.GetDataSize()) {
        batch_ = rocksdb::WriteBatch();
    }
    batch_.Clear();
}

void RocksDatabase::flush() {
    flush(/*wait=*/true);
}

void RocksDatabase::flush_soon() {
    flush(/*wait=*/false);
}

void RocksDatabase::flush(bool wait) {
    drop_doomed();
    std::vector<rocksdb::ColumnFamilyHandle*> all;
    all.reserve(families_.size());
    for (const auto& [name, handle] : families_) {
        all.push_back(handle);
    }
    rocksdb::FlushOptions options;
    // A simulation takes a copy of the files at any time: no other thread may write them then.
    options.wait = wait || simulator != nullptr;
    options.allow_write_stall = !wait;  // Otherwise it would still wait for room.
    check(db_->Flush(options, all), "flush");
}

std::string RocksDatabase::store_of(const std::string& family) {
    return family.substr(family.find(':') + 1);
}

std::vector<std::string> RocksDatabase::stores() {
    std::set<std::string> names;
    for (const auto& [family, handle] : families_) {
        if (family != rocksdb::kDefaultColumnFamilyName) {
            names.insert(store_of(family));
        }
    }
    const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(reading_));
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
        names.insert(rows->key().ToString());
    }
    check(rows->status(), "read");
    return {names.begin(), names.end()};
}

bool RocksDatabase::has_rows(const std::string& store) {
    for (const auto& [family, handle] : families_) {
        if (family == rocksdb::kDefaultColumnFamilyName || store_of(family) != store) {
            continue;
        }
        const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(reading_, handle));
        rows->SeekToFirst();
        check(rows->status(), "read");
        if (rows->Valid()) {
            return true;
        }
    }
    return false;
}

void RocksDatabase::remove(const std::string& store) {
    discard();
    if (store_metadata(store)) {
        put_store_metadata(store, std::nullopt);
        write();
        flush();
        MILLRACE_FAIL_POINT("database.metadata_removed");
    }
    for (const std::string& family : families()) {
        if (family != rocksdb::kDefaultColumnFamilyName && store_of(family) == store) {
            drop(family);
        }
    }
    drop_doomed();
}

rocksdb::ColumnFamilyHandle* RocksDatabase::find(const std::string& family) const {
    const auto found = families_.find(family);
    return found == families_.end() ? nullptr : found->second;
}

rocksdb::ColumnFamilyHandle* RocksDatabase::find_or_create(const std::string& family) {
    if (rocksdb::ColumnFamilyHandle* found = find(family)) {
        return found;
    }
    if (doomed_.contains(family)) {
        drop_doomed();
    }
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    check(db_->CreateColumnFamily(store_options(shared_, 1), family, &handle), "extend");
    families_.emplace(family, handle);
    count_families(families_.size() + doomed_.size());
    MILLRACE_FAIL_POINT("database.family_created");
    return handle;
}

// For each dropped family, RocksDB writes its list of files, and for each call its options.
// Therefore families are dropped not during a commit, but periodically, and many at once.
void RocksDatabase::drop(const std::string& family) {
    const auto found = families_.find(family);
    if (found != families_.end()) {
        doomed_.insert(*found);
        families_.erase(found);
    }
}

void RocksDatabase::drop_doomed() {
    if (doomed_.empty()) {
        return;
    }
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    handles.reserve(doomed_.size());
    for (const auto& [name, handle] : doomed_) {
        handles.push_back(handle);
    }
    MILLRACE_FAIL_POINT("database.dropping_families");
    check(db_->DropColumnFamilies(handles), "shrink");
    MILLRACE_FAIL_POINT("database.families_dropped");
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
        check(db_->DestroyColumnFamilyHandle(handle), "shrink");
    }
    doomed_.clear();
    count_families(families_.size());
}

std::vector<std::string> RocksDatabase::families() const {
    std::vector<std::string> names;
    names.reserve(families_.size());
    for (const auto& [name, handle] : families_) {
        names.push_back(name);
    }
    return names;
}

}  // namespace millrace::state
