// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <iterator>

namespace millrace::detail {

/// An input range over a class with valid(), next() and row(): each row can be read once.
template <class Rows, class Row>
class RowRange {
  public:
    class Iterator {
      public:
        using value_type = Row;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        Iterator() = default;
        explicit Iterator(Rows& rows) : rows_(&rows) {}

        const Row& operator*() const { return rows_->row(); }
        const Row* operator->() const { return &rows_->row(); }
        Iterator& operator++() {
            rows_->next();
            return *this;
        }
        void operator++(int) { rows_->next(); }
        bool operator==(std::default_sentinel_t) const { return !rows_->valid(); }

      private:
        Rows* rows_ = nullptr;
    };

    Iterator begin() { return Iterator(static_cast<Rows&>(*this)); }
    std::default_sentinel_t end() const { return {}; }

  protected:
    ~RowRange() = default;
};

}  // namespace millrace::detail
