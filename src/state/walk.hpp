// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "state/record_entry.hpp"

#include <functional>
#include <map>
#include <memory>

namespace millrace::state {

class Walks;

/// A walk over a store's rows. It shows them as they were when it began, whatever is written,
/// evicted or committed meanwhile.
///
/// Rows are read when the walk gets to them. So that this is the same, the store keeps what a row
/// was for each walk that has yet to come to it, before it writes the row or lets go of it from
/// memory. A store whose rows stay as they are during its walks keeps nothing.
///
/// Not thread-safe.
class Walk {
  public:
    /// What a row was when the walk began.
    struct Past {
        NullableOwnedBytes value;  ///< Nothing: there was none, or it was not to be seen.
        bool in_memory = false;    ///< It was in the table.
    };
    using Kept = std::map<Bytes, Past, std::less<>>;

    explicit Walk(Walks& walks) noexcept;
    virtual ~Walk();
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;

    /// Whether the walk has yet to come to that key.
    virtual bool ahead(BytesView key) const = 0;

    /// Whether an entry of the table is to be seen.
    virtual bool sees(const RecordEntry& entry) const = 0;

    /// Whether the row at `key` must be kept before it changes.
    bool needs(BytesView key) const { return ahead(key) && !(has_kept() && kept_->contains(key)); }
    void keep(BytesView key, const NullableBytes& value, bool in_memory);
    void keep(const RecordEntry& entry);

    bool has_kept() const noexcept { return kept_ != nullptr; }

    /// Requires has_kept(). The one who walks takes out what it gets to.
    Kept& kept() noexcept { return *kept_; }

  private:
    friend class Walks;

    Walks* walks_;
    Walk* next_ = nullptr;
    Walk* previous_ = nullptr;
    std::unique_ptr<Kept> kept_;
};

/// The walks over one store that are under way. Those that outlive it keep what they have.
class Walks {
  public:
    Walks() = default;
    ~Walks();
    Walks(const Walks&) = delete;
    Walks& operator=(const Walks&) = delete;

    bool any() const noexcept { return first_ != nullptr; }

    /// `entry` is about to leave the table.
    void entry_leaves(const RecordEntry& entry);

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
