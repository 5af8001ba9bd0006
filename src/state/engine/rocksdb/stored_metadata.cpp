// SPDX-License-Identifier: Apache-2.0
#include "state/engine/stored_metadata.hpp"

#include "core/file_system.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/engine/rocksdb/options.hpp"
#include "state/engine/rocksdb/status.hpp"

#include <rocksdb/db.h>

#include <memory>
#include <vector>

namespace millrace::state {

std::map<std::string, Bytes> stored_metadata(const std::filesystem::path& directory,
                                             const std::string& owner, MemoryBudget& memory) {
    std::map<std::string, Bytes> rows;
    if (!system_files().exists(directory / "CURRENT")) {
        return rows;
    }
    const auto check = [&](const rocksdb::Status& status) {
        if (!status.ok()) {
            throw_if_failed(status, "cannot read the state database: task " + owner + ", folder " +
                                        directory.string());
        }
    };
    MemoryBudget::Engine& shared = memory.engine();
    const std::vector<rocksdb::ColumnFamilyDescriptor> metadata_only{
        {rocksdb::kDefaultColumnFamilyName, store_options(shared, 1)}};
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    check(rocksdb::DB::OpenForReadOnly(database_options(shared, owner), directory.string(),
                                       metadata_only, &handles, &opened));
    const std::unique_ptr<rocksdb::DB> database(opened);
    check(database->DestroyColumnFamilyHandle(handles.front()));
    const std::unique_ptr<rocksdb::Iterator> row(database->NewIterator({}));
    for (row->SeekToFirst(); row->Valid(); row->Next()) {
        rows.emplace(row->key().ToString(), row->value().ToString());
    }
    check(row->status());
    return rows;
}

}  // namespace millrace::state
