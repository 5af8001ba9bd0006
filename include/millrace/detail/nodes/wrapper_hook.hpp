// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/processor/processor_wrapper.hpp"

#include <memory>
#include <string_view>
#include <typeindex>

namespace millrace::detail {

class Node;
class TaskContext;

/// Converts the records of an edge whose two ends have different types.
class Converter {
  public:
    virtual ~Converter() = default;
    virtual void* input() = 0;  ///< The input of the converter, an Input<K, V>*.
};

/// Creates a converter from keys and values of these types, which are never null, to `input`, which
/// accepts nulls. Null if `input` accepts other types.
using MakeConverter = std::unique_ptr<Converter> (*)(std::type_index key, std::type_index value,
                                                     void* input);

/// An Input without its types, so that edges can be created by name.
struct InputPort {
    std::type_index key_type;
    std::type_index value_type;
    void* input;                      ///< An Input<K, V>*.
    MakeConverter convert = nullptr;  ///< Null: the input accepts no nulls.
};

// How a wrapper gets between a node and its neighbours, without a cost where there is none: edges
// are laid to the two ends of the hook instead of the node, when the graph of a task is made.
//
//     parent ──► HookEntry ──► WrapperHook ┄┄► node ──► HookExit ──► WrapperHook ┄┄► children
//                                         deliver                              deliver

/// The destination of a node's records, without their types.
class WrapperHook {
  public:
    virtual void arrives(const AnyRecord& record) = 0;
    /// `child` is empty for all children.
    virtual void leaves(const AnyRecord& record, std::string_view child) = 0;

  protected:
    ~WrapperHook() = default;
};

/// Connected to parents instead of the node.
class HookEntry {
  public:
    virtual ~HookEntry() = default;
    virtual InputPort input_port() = 0;

    /// Sends to the node. Throws Error with kInvalidArgument if types differ.
    virtual void deliver(const AnyRecord& record) = 0;
};

/// Connected to the node's children instead of the node.
class HookExit {
  public:
    virtual ~HookExit() = default;
    virtual void connect(const Node& parent, Node& child) = 0;

    /// Sends to all children. Throws Error with kInvalidArgument if types differ.
    virtual void deliver(TaskContext& context, const AnyRecord& record) = 0;
    /// Sends to one child; false if there is none of that name.
    virtual bool deliver_to(TaskContext& context, const AnyRecord& record,
                            std::string_view child) = 0;
};

struct HookEnds {
    std::unique_ptr<HookEntry> entry{};
    std::unique_ptr<HookExit> exit{};
};

}  // namespace millrace::detail
