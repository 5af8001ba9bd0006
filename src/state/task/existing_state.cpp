// SPDX-License-Identifier: Apache-2.0
#include "state/task/existing_state.hpp"

#include "core/fail_point.hpp"
#include "core/file_system.hpp"
#include "core/log.hpp"
#include "state/format/checkpoint.hpp"
#include "state/format/segment_interval.hpp"
#include "state/task/segment_check.hpp"
#include "state/task/state_trust.hpp"
#include "state/task/store_factory.hpp"

#include <algorithm>
#include <utility>

namespace millrace::state {

using detail::StoreSpec;

std::unique_ptr<Database> ExistingState::open(MemoryBudget& memory) const {
    const std::filesystem::path folder = options_.directory / kDatabaseFolder;
    const bool any = std::any_of(
        options_.specs.begin(), options_.specs.end(),
        [this](const StoreSpec& spec) { return is_on_disk(spec, options_.default_engine); });
    if (!any && (options_.directory.empty() || !system_files().exists(folder))) {
        return nullptr;
    }
    std::unique_ptr<Database> database = open_database(folder, options_.name, memory);
    remove_unknown(*database);
    if (!any) {
        database.reset();
        system_files().remove_all(folder);
    }
    return database;
}

bool ExistingState::keeps(const std::string& name) const {
    return std::any_of(options_.specs.begin(), options_.specs.end(), [&](const StoreSpec& spec) {
        return spec.name == name && is_on_disk(spec, options_.default_engine);
    });
}

// Stores that were removed from the topology, or moved to memory.
void ExistingState::remove_unknown(Database& database) const {
    const std::vector<std::string> found = database.stores();
    refuse_newer(database, found);
    warn_of_stores_that_start_empty(database, found);
    for (const std::string& name : found) {
        if (!keeps(name)) {
            log::warn(
                "deleting the rows on disk of a store that the topology no longer has on disk: "
                "task " +
                options_.name + ", store " + name);
            database.remove(name);
            MILLRACE_FAIL_POINT("open.unknown_store_removed");
        }
    }
}

// Before anything is deleted: state of a newer version is kept.
void ExistingState::refuse_newer(Database& database, const std::vector<std::string>& found) const {
    for (const std::string& name : found) {
        if (const std::optional<Bytes> row = database.store_metadata(name)) {
            read_checkpoint(*row, "task " + options_.name + ", store " + name);
        }
    }
}

// Of stores with a changelog, the changelog tells: runtime/thread/renamed_state.hpp.
void ExistingState::warn_of_stores_that_start_empty(Database& database,
                                                    const std::vector<std::string>& found) const {
    const auto has_state = [&database](const std::string& name) {
        return database.store_metadata(name).has_value();
    };
    if (std::none_of(found.begin(), found.end(), has_state)) {
        return;
    }
    for (const StoreSpec& spec : options_.specs) {
        if (is_on_disk(spec, options_.default_engine) && !shape_of(spec).backed_up &&
            !has_state(spec.name)) {
            log::warn("store " + spec.name + " of task " + options_.name +
                      " has no changelog and starts empty in a directory that has state: the "
                      "store is new, or it was renamed and its state is lost. Name the store in "
                      "the topology, because generated names change with the topology: directory " +
                      options_.directory.string());
        }
    }
}

std::string ExistingState::where(const StoreSpec& spec) const {
    return "task " + options_.name + ", store " + spec.name + ", folder " +
           options_.directory.string();
}

std::optional<Bytes> ExistingState::use(Database& database, StoreSpec& spec,
                                        TaskStore& store) const {
    const std::optional<Bytes> row = database.store_metadata(spec.name);
    if (!row) {
        database.remove(spec.name);  // Rows without a metadata row.
        return std::nullopt;
    }
    Checkpoint stored = read_checkpoint(*row, where(spec));
    const StateTrust trust =
        judge(stored, shape_of(spec), database.has_rows(spec.name), where(spec));
    if (trust.verdict == StateTrust::Verdict::kRebuild) {
        log::warn("rebuilding store " + spec.name + " of task " + options_.name +
                  " from its changelog: " + trust.why);
        database.remove(spec.name);
        return std::nullopt;
    }
    if (!trust.why.empty()) {
        log::info("using a store on disk that was created with other settings: " + where(spec) +
                  ": " + trust.why);
    }
    if (trust.segment_interval != 0) {
        spec.segment_interval = std::chrono::milliseconds(trust.segment_interval);
    }
    if (!stored.shape && is_segmented(spec.kind)) {
        check_segments(*database.engine(spec.name, /*segmented=*/true), spec, where(spec));
    }
    if (trust.offset_holds) {
        store.offset = stored.offset;
        store.positions = std::move(stored.positions);
        store.current_at = stored.current_at;
    }
    return std::move(stored.rest);
}

}  // namespace millrace::state
