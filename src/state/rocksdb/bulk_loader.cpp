// SPDX-License-Identifier: Apache-2.0
#include "state/rocksdb/bulk_loader.hpp"

#include "core/file_system.hpp"
#include "state/key_head.hpp"

#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace::state {
namespace {

constexpr std::size_t kChunkBytes = 1 << 20;
constexpr std::size_t kSmallPart = 16;  // Of a run: below, a plain write is cheaper than a file.
constexpr std::size_t kRunsAtOnce = 2;  // All loads together may hold as much as that many runs...
constexpr std::size_t kShortestPart = 16;  // ...though no run is shorter than this part.

}  // namespace

BulkLoader::BulkLoader(RocksDatabase& database, FamilyOf family_of, std::size_t prefix)
    : database_(database), family_of_(std::move(family_of)), prefix_(prefix) {}

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
        const std::size_t chunk = std::max(kChunkBytes, size);
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

    rows_for(prefix).push_back({leading_number(key), bytes, static_cast<std::uint32_t>(key.size()),
                                value ? static_cast<std::uint32_t>(value_size) : kNull, number_++});
    account(key.size() + value_size + sizeof(Row));
    const std::size_t run = database_.shared().load_run_bytes;
    const bool much =
        database_.shared().load_bytes > kRunsAtOnce * run && bytes_ >= run / kShortestPart;
    if (bytes_ >= run || much) {
        ingest_run();
    }
}

void BulkLoader::account(std::size_t bytes) {
    bytes_ += bytes;
    database_.shared().load_bytes += bytes;
}

void BulkLoader::sort_and_dedupe(Rows& rows) {
    std::sort(rows.begin(), rows.end());
    // Of equal keys the last one stays: unique() keeps the first, so go from behind.
    const auto kept =
        std::unique(rows.rbegin(), rows.rend(), [](const Row& later, const Row& earlier) {
            return later.order == earlier.order && later.key() == earlier.key();
        });
    rows.erase(rows.begin(), kept.base());
}

void BulkLoader::ingest_run() {
    for (auto& [prefix, rows] : runs_) {
        sort_and_dedupe(rows);
        if (!begun_.contains(prefix)) {  // There is nothing that these could remove.
            std::erase_if(rows, [](const Row& row) { return row.value_size == kNull; });
        }
        if (rows.empty()) {
            continue;
        }
        rocksdb::ColumnFamilyHandle* family = family_of_(prefix);
        if (begun_.insert(prefix).second) {
            // No compaction while files come in: besides the waste, RocksDB before 8.11.1 could
            // take an older run for the newer one.
            set_compaction(family, false);
        }
        ingest(family, rows);
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

    rocksdb::IngestExternalFileOptions options;
    options.move_files = true;
    options.write_global_seqno = false;
    database_.check(database_.db().IngestExternalFile(family, {file}, options), "load");
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
    number_ = 0;
    database_.shared().load_bytes -= std::exchange(bytes_, 0);
}

void BulkLoader::write_small() {
    for (auto& [prefix, rows] : runs_) {
        sort_and_dedupe(rows);
        for (const Row& row : rows) {
            if (const NullableBytes value = row.value()) {
                database_.check(database_.batch().Put(family_of_(prefix), row.key(), *value),
                                "load");
            }
        }
    }
    end_run();
}

void BulkLoader::finish() {
    if (begun_.empty() && bytes_ < database_.shared().load_run_bytes / kSmallPart) {
        write_small();
        return;
    }
    ingest_run();
    for (const Bytes& prefix : begun_) {
        set_compaction(family_of_(prefix), true);
    }
}

}  // namespace millrace::state
