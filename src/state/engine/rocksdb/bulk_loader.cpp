// SPDX-License-Identifier: Apache-2.0
#include "state/engine/rocksdb/bulk_loader.hpp"

#include "core/fail_point.hpp"
#include "core/file_system.hpp"
#include "state/engine/key_head.hpp"

#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace::state {
namespace {

constexpr std::size_t kFirstChunkBytes = 4 << 10;
constexpr std::size_t kLargestChunkBytes = 1 << 20;
// The minimum size of a run: below it, a normal write is cheaper than a file.
constexpr std::size_t kSmallPart = 16;
constexpr std::size_t kRunsAtOnce = 2;         // All loads together may hold this many runs...
constexpr std::size_t kLeastBytes = 32 << 10;  // ...and each of them this one.

}  // namespace

BulkLoader::BulkLoader(RocksDatabase& database, FamilyOf family_of, std::size_t prefix)
    : database_(database),
      family_of_(std::move(family_of)),
      prefix_(prefix),
      next_chunk_bytes_(kFirstChunkBytes) {}

BulkLoader::~BulkLoader() {
    database_.shared().load_bytes -= bytes_;
}

NullableBytes BulkLoader::Row::value() const {
    if (value_size == kNull) {
        return std::nullopt;
    }
    return BytesView(bytes + key_size, value_size);
}

bool BulkLoader::Row::operator<(const Row& other) const {
    if (order != other.order) {
        return order < other.order;
    }
    const int keys = key().compare(other.key());
    return keys != 0 ? keys < 0 : number < other.number;
}

char* BulkLoader::allocate(std::size_t size) {
    if (size > free_bytes_) {
        const std::size_t chunk = std::max(next_chunk_bytes_, size);
        next_chunk_bytes_ = std::min(2 * next_chunk_bytes_, kLargestChunkBytes);
        account(chunk);
        chunks_.push_back(std::make_unique_for_overwrite<char[]>(chunk));
        free_ = chunks_.back().get();
        free_bytes_ = chunk;
    }
    free_bytes_ -= size;
    return std::exchange(free_, free_ + size);
}

BulkLoader::Rows& BulkLoader::rows_for(BytesView prefix) {
    if (last_run_ == nullptr || last_run_->first != prefix) {
        auto found = runs_.find(prefix);
        if (found == runs_.end()) {
            found = runs_.emplace(Bytes(prefix), Rows{}).first;
        }
        last_run_ = &*found;
    }
    return last_run_->second;
}

void BulkLoader::put(BytesView key, const NullableBytes& value) {
    const BytesView prefix = key.substr(0, prefix_);
    key.remove_prefix(prefix_);
    const std::size_t value_size = value ? value->size() : 0;
    char* bytes = allocate(key.size() + value_size);
    std::memcpy(bytes, key.data(), key.size());
    if (value) {
        std::memcpy(bytes + key.size(), value->data(), value_size);
    }

    Rows& rows = rows_for(prefix);
    const std::size_t capacity = rows.capacity();
    rows.push_back({leading_number(key), bytes, static_cast<std::uint32_t>(key.size()),
                    value ? static_cast<std::uint32_t>(value_size) : kNull, number_++});
    if (rows.capacity() != capacity) {
        account((rows.capacity() - capacity) * sizeof(Row));
    }
    const std::size_t run = database_.shared().load_run_bytes;
    make_room(run, kRunsAtOnce * run);
}

bool BulkLoader::settle() {
    const std::size_t run = database_.shared().load_run_bytes / 4 * 3;
    if (std::exchange(run_ended_, false)) {
        add_run();  // Otherwise a group of puts that is larger than a run would never be settled.
    } else {
        make_room(run, kRunsAtOnce * run);
    }
    run_ended_ = false;
    return bytes_ == 0;
}

/// If this load holds the bytes of a run, or all loads together hold too much.
void BulkLoader::make_room(std::size_t run, std::size_t all_loads) {
    if (bytes_ >= run || (database_.shared().load_bytes > all_loads && bytes_ >= kLeastBytes)) {
        add_run();
    }
}

void BulkLoader::add_run() {
    if (bytes_ >= database_.shared().load_run_bytes / kSmallPart) {
        ingest_run();
    } else {
        write_run(true);
        database_.write();
    }
}

void BulkLoader::account(std::size_t bytes) {
    bytes_ += bytes;
    database_.shared().load_bytes += bytes;
}

void BulkLoader::sort_and_dedupe(Rows& rows) {
    std::sort(rows.begin(), rows.end());
    // The last of equal keys must stay: unique() keeps the first, so iterate from the end.
    const auto kept =
        std::unique(rows.rbegin(), rows.rend(), [](const Row& later, const Row& earlier) {
            return later.order == earlier.order && later.key() == earlier.key();
        });
    rows.erase(rows.begin(), kept.base());
}

void BulkLoader::sort_rows() {
    for (auto& [prefix, rows] : runs_) {
        sort_and_dedupe(rows);
        if (!begun_.contains(prefix)) {  // There is nothing that these could delete.
            std::erase_if(rows, [](const Row& row) { return row.value_size == kNull; });
        }
    }
}

void BulkLoader::begin_family(const Bytes& prefix) {
    if (begun_.insert(prefix).second) {
        // No compaction while files are added: it would be wasteful, and RocksDB before 8.11.1
        // could prefer an older run over the newer one.
        set_compaction(family_of_(prefix), false);
    }
}

void BulkLoader::ingest_run() {
    sort_rows();
    for (const auto& [prefix, rows] : runs_) {
        if (!rows.empty()) {
            begin_family(prefix);
            ingest(family_of_(prefix), rows);
        }
    }
    end_run();
}

void BulkLoader::ingest(rocksdb::ColumnFamilyHandle* family, const Rows& rows) {
    const std::filesystem::path folder = database_.load_directory();
    system_files().make_private_directory(folder);
    const std::string file =
        folder / (std::to_string(family->GetID()) + "-" + std::to_string(files_++) + ".sst");

    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), database_.db().GetOptions(family), family);
    database_.check(writer.Open(file), "load");
    for (const Row& row : rows) {
        const NullableBytes value = row.value();
        database_.check(value ? writer.Put(row.key(), *value) : writer.Delete(row.key()), "load");
    }
    database_.check(writer.Finish(), "load");
    MILLRACE_FAIL_POINT("load.file_written");

    rocksdb::IngestExternalFileOptions options;
    options.move_files = true;
    options.write_global_seqno = false;
    database_.check(database_.db().IngestExternalFile(family, {file}, options), "load");
    MILLRACE_FAIL_POINT("load.file_ingested");
}

void BulkLoader::set_compaction(rocksdb::ColumnFamilyHandle* family, bool on) {
    database_.check(
        database_.db().SetOptions(family, {{"disable_auto_compactions", on ? "false" : "true"}}),
        "load");
}

void BulkLoader::end_run() {
    runs_.clear();
    last_run_ = nullptr;
    chunks_.clear();
    free_bytes_ = 0;
    next_chunk_bytes_ = kFirstChunkBytes;
    number_ = 0;
    run_ended_ = true;
    database_.shared().load_bytes -= std::exchange(bytes_, 0);
}

// With the database's next write.
void BulkLoader::write_run(bool more_comes) {
    sort_rows();
    rocksdb::WriteBatch& batch = database_.batch();
    for (const auto& [prefix, rows] : runs_) {
        if (rows.empty()) {
            continue;
        }
        if (more_comes) {
            begin_family(prefix);
        }
        rocksdb::ColumnFamilyHandle* family = family_of_(prefix);
        for (const Row& row : rows) {
            const NullableBytes value = row.value();
            database_.check(
                value ? batch.Put(family, row.key(), *value) : batch.Delete(family, row.key()),
                "load");
        }
    }
    end_run();
}

void BulkLoader::finish() {
    if (bytes_ < database_.shared().load_run_bytes / kSmallPart) {
        write_run(false);
    } else {
        ingest_run();
    }
    MILLRACE_FAIL_POINT("load.rows_added");
    for (const Bytes& prefix : begun_) {
        set_compaction(family_of_(prefix), true);
    }
}

}  // namespace millrace::state
