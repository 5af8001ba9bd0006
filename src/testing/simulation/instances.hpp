// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "testing/simulation/instance.hpp"
#include "testing/simulation/state_folders.hpp"
#include "testing/simulation/store_checks.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace millrace::testing::simulated {

/// The instances of a simulation. Each has a place, where it starts again after its end.
class Instances {
  public:
    Instances(World& world, StateFolders& folders, std::size_t places, int threads)
        : world_(world), folders_(folders), threads_(threads), places_(places) {}

    std::size_t places() const noexcept { return places_.size(); }
    bool running(std::size_t place) const { return places_[place].instance != nullptr; }

    /// Null if none is running there.
    Instance* at(std::size_t place) const { return places_[place].instance.get(); }

    /// One of those that run; null if there is none.
    Instance* any(std::uint64_t choice);
    std::size_t place_of(const Instance& instance) const;

    /// The instance with that number; null if it has ended.
    Instance* find(int process);

    /// Without effect if one runs in that place, or is about to end there.
    void start(std::size_t place);

    /// Its next incarnation continues with the files that it leaves, or without files.
    void crash(std::size_t place, bool keep_files);

    /// Ends it in the background. Waits for the end before it can start again.
    Instance& close(std::size_t place);

    void close_all();

    /// The clients of those that run.
    std::vector<RunningClient> clients();

  private:
    struct Place {
        std::unique_ptr<Instance> instance{};  ///< Null: none is running.
        std::string folder{};                  ///< Of the next one.
        int incarnations = 0;
    };

    World& world_;
    StateFolders& folders_;
    int threads_;
    std::vector<Place> places_;
    std::vector<std::unique_ptr<Instance>> ending_;
};

}  // namespace millrace::testing::simulated
