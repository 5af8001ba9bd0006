// SPDX-License-Identifier: Apache-2.0
#include "millrace/processor/topology.hpp"

#include "topology/describe.hpp"

namespace millrace {

std::string Topology::describe() const {
    return topology::describe(*spec_);
}

}  // namespace millrace
