// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"
#include "state/stores/store_environment.hpp"
#include "state/task/task_database.hpp"
#include "state/task/task_store.hpp"

#include <cstddef>
#include <memory>

namespace millrace::state {

/// True if the rows of the store are in its task's database. `default_engine` is that of
/// stores without an explicit engine.
bool is_on_disk(const detail::StoreSpec& spec, StoreEngine default_engine);

/// Creates the layers of a task's stores. The kind of the store selects the class; its engine type
/// and location select the engine.
class StoreFactory {
  public:
    /// Both must outlive this and the stores.
    StoreFactory(StoreEnvironment& environment, TaskDatabase& database)
        : environment_(environment), database_(database) {}

    /// Sets `layers` and `face` of `store`, whose `on_disk` is set. `index` is the position of the
    /// store in the task. `spec` and `store` must outlive the layers. Throws StateError if the
    /// combination is not supported.
    void make(const detail::StoreSpec& spec, std::size_t index, TaskStore& store);

  private:
    template <class Layered>
    void make_on_engine(const detail::StoreSpec& spec, std::size_t index, TaskStore& store);
    template <class Layered, class... Engines>
    void set_layers(const detail::StoreSpec& spec, std::size_t index, TaskStore& store,
                    Engines... engine);
    std::unique_ptr<Engine> make_engine(const detail::StoreSpec& spec, std::size_t index,
                                        const TaskStore& store);
    std::unique_ptr<Engine> make_lru_engine(const detail::StoreSpec& spec, std::size_t index,
                                            const TaskStore& store);

    StoreEnvironment& environment_;
    TaskDatabase& database_;
};

}  // namespace millrace::state
