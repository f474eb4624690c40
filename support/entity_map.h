// Ids as types, and containers indexed by them (after Cranelift's entity maps). An entity lives in one
// PrimaryMap, which gives it its id; SecondaryMaps hold facts about it.
//
// An id converts from and to the int that it is, so that what still counts in ints can use it, but never to
// the id of another kind of entity.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace sinter {

// Entity: any type; it only tells ids apart. -1: none.
template <class Entity>
class EntityId {
 public:
  constexpr EntityId(int index = -1) : index_(index) {}  // NOLINT(google-explicit-constructor)
  constexpr operator int() const { return index_; }      // NOLINT(google-explicit-constructor)
  constexpr size_t index() const { return static_cast<size_t>(index_); }
  EntityId &operator++() {
    ++index_;
    return *this;
  }
  EntityId &operator--() {
    --index_;
    return *this;
  }
  EntityId operator--(int) {
    const EntityId old = *this;
    --index_;
    return old;
  }

 private:
  int index_;
};

// The ids 0, 1, … below an end, in order.
template <class Id>
class IdRange {
 public:
  class iterator {
   public:
    explicit iterator(Id id) : id_(id) {}
    Id operator*() const { return id_; }
    iterator &operator++() {
      ++id_;
      return *this;
    }
    bool operator==(const iterator &other) const { return int{id_} == int{other.id_}; }

   private:
    Id id_;
  };

  explicit IdRange(size_t size) : end_(static_cast<int>(size)) {}
  iterator begin() const { return iterator(0); }
  iterator end() const { return iterator(end_); }

 private:
  Id end_;
};

// The entities themselves.
template <class Id, class T>
class PrimaryMap {
 public:
  T &operator[](Id id) { return entities_[id.index()]; }
  const T &operator[](Id id) const { return entities_[id.index()]; }
  // The id that the next push gives.
  Id next_id() const { return static_cast<Id>(static_cast<int>(entities_.size())); }
  Id push(T entity) {
    const Id id = next_id();
    entities_.push_back(std::move(entity));
    return id;
  }
  bool contains(Id id) const { return id >= 0 && id.index() < entities_.size(); }
  IdRange<Id> ids() const { return IdRange<Id>(entities_.size()); }

  size_t size() const { return entities_.size(); }
  bool empty() const { return entities_.empty(); }
  const T *data() const { return entities_.data(); }
  auto begin() { return entities_.begin(); }
  auto end() { return entities_.end(); }
  auto begin() const { return entities_.begin(); }
  auto end() const { return entities_.end(); }
  T &back() { return entities_.back(); }

 private:
  std::vector<T> entities_;
};

// One fact an entity.
template <class Id, class T>
class SecondaryMap {
 public:
  SecondaryMap() = default;
  explicit SecondaryMap(size_t size, const T &initial = {}) : facts_(size, initial) {}
  template <class Entity>
  explicit SecondaryMap(const PrimaryMap<Id, Entity> &entities, const T &initial = {})
      : facts_(entities.size(), initial) {}

  decltype(auto) operator[](Id id) { return facts_[id.index()]; }
  decltype(auto) operator[](Id id) const { return facts_[id.index()]; }
  void push(T fact) { facts_.push_back(std::move(fact)); }
  size_t size() const { return facts_.size(); }
  auto begin() { return facts_.begin(); }
  auto end() { return facts_.end(); }
  auto begin() const { return facts_.begin(); }
  auto end() const { return facts_.end(); }

 private:
  std::vector<T> facts_;
};

}  // namespace sinter
