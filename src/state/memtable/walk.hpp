// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "state/memtable/memtable_entry.hpp"

#include <functional>
#include <map>
#include <memory>

namespace millrace::state {

class Walks;

/// An open iterator over a store's rows. It returns the rows as they were when it was created, even
/// if they are written, evicted or committed before it reaches them.
///
/// A walk reads each row when it reaches it. Before the store changes a row or removes it from
/// memory, it copies the row into every open walk that has not reached it yet. A store that does
/// not change while it is walked copies nothing.
///
/// Not thread-safe.
class Walk {
  public:
    /// A row as it was when the walk was created.
    struct Past {
        NullableOwnedBytes value;  ///< Empty: the row did not exist or was hidden.
        bool in_memory = false;    ///< The row was in the table.
    };
    using Kept = std::map<Bytes, Past, std::less<>>;

    explicit Walk(Walks& walks) noexcept;
    virtual ~Walk();
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;

    /// Whether the walk will still reach this key.
    virtual bool ahead(BytesView key) const = 0;

    /// Whether the walk returns this entry of the table.
    virtual bool sees(const MemtableEntry& entry) const = 0;

    /// Whether the row at `key` must be copied before it changes.
    bool needs(BytesView key) const { return ahead(key) && !(has_kept() && kept_->contains(key)); }
    void keep(BytesView key, const NullableBytes& value, bool in_memory);
    void keep(const MemtableEntry& entry);

    bool has_kept() const noexcept { return kept_ != nullptr; }

    /// Requires has_kept(). The iterator removes the copies that it has passed.
    Kept& kept() noexcept { return *kept_; }

  private:
    friend class Walks;

    Walks* walks_;
    Walk* next_ = nullptr;
    Walk* previous_ = nullptr;
    std::unique_ptr<Kept> kept_;
};

/// The open walks over one store. A walk may outlive this object.
class Walks {
  public:
    Walks() = default;
    ~Walks();
    Walks(const Walks&) = delete;
    Walks& operator=(const Walks&) = delete;

    bool any() const noexcept { return first_ != nullptr; }

    /// `entry` is about to leave the table.
    void entry_leaves(const MemtableEntry& entry);

    template <class F>
    void for_each(F use) {
        for (Walk* walk = first_; walk != nullptr; walk = walk->next_) {
            use(*walk);
        }
    }

  private:
    friend class Walk;

    Walk* first_ = nullptr;
};

}  // namespace millrace::state
