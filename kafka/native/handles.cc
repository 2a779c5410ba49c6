// Persistent handles that are given back.
//
// The package holds every callback, and a resource object for each asynchronous call, in a v8::Persistent. Bun 1.4.5 has
// the functions behind it, but its DisposeGlobal frees nothing: each handle stays for the life of the process, and so does
// all that its object leads to. A service that publishes and consumes for weeks would grow until it is killed.
//
// These definitions keep memory flat: what is alive is what is in use. -Bsymbolic has the add-on find them before Bun's.
//
// How Bun lays a handle out, which every function of Bun's that takes a Local relies on: a Local points to a slot, one
// word. The word is a small integer (lowest two bits 00), or a tagged pointer to two words: a map, which says what kind of
// thing follows, and the JavaScript cell, or the bits of a double. Making a Local from a Persistent copies the one word
// only, so Locals point to the two words *of the persistent handle*, also after it was disposed of. Hence the rules:
//
// - The garbage collector does not look into our slots. What a slot refers to is kept alive by a JavaScript object.
// - A disposed slot is emptied only when no Local can be left: in a turn of the event loop with no add-on code below.
// - A slot's memory is used again but never freed, and an empty slot reads as the number 0: should a rule ever be broken,
//   a stale Local is a wrong value, not a stray pointer.
// - Where Bun does something unforeseen, the handle is made by Bun itself: it leaks, and works.
//
// One thread, as the add-on itself.

#include <dlfcn.h>
#include <node.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unordered_set>
#include <vector>

namespace {

using v8::Local;
using v8::internal::Address;

constexpr Address kTagMask = 3;
// Instance types that Bun puts into its maps: V8's own numbers.
constexpr uint16_t kHeapNumber = 130;
constexpr uint16_t kOddball = v8::internal::Internals::kOddballType;
constexpr uint32_t kNotKept = UINT32_MAX;

struct Slot {
  // What a handle reads. First, because a handle is a pointer to it.
  Address value;
  // V8's inlined IsWeak reads one byte here.
  uint8_t node[sizeof(Address)];
  // The two words that `value` points to, unless it is a small integer or one of Bun's constants.
  Address map;
  Address content;
  void* weak_parameter;
  // Where among what is kept alive.
  uint32_t kept;
};

uint16_t InstanceType(Address map) {
  return *reinterpret_cast<const uint16_t*>((map & ~kTagMask) + v8::internal::Internals::kMapInstanceTypeOffset);
}
bool IsSmallInteger(Address value) { return (value & kTagMask) == 0; }
const Address* Pointee(Address value) { return reinterpret_cast<const Address*>(value & ~kTagMask); }

// The collector's threads may read a slot through a Local at any time.
void Store(Address* word, Address value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }

// A slot, or any word that lives long enough, seen as the Local that reads it.
template <class T>
Local<T> LocalAt(const Address* slot) {
  Local<T> local;
  static_assert(sizeof(local) == sizeof(slot), "Local<T> must be one pointer");
  std::memcpy(static_cast<void*>(&local), &slot, sizeof(slot));
  return local;
}

template <class T>
Address WordOf(Local<T> local) {
  const Address* slot;
  std::memcpy(&slot, static_cast<const void*>(&local), sizeof(slot));
  return *slot;
}

// Bun's own, by the names that ours hide.
struct Bun {
  using Globalize = Address* (*)(v8::internal::Isolate*, Address);
  using Dispose = void (*)(Address*);
  using Make = void (*)(Address*, void*, v8::WeakCallbackInfo<void>::Callback, v8::WeakCallbackType);
  using Clear = void* (*)(Address*);

  Globalize globalize = Find<Globalize>("_ZN2v812api_internal18GlobalizeReferenceEPNS_8internal7IsolateEm");
  Dispose dispose = Find<Dispose>("_ZN2v812api_internal13DisposeGlobalEPm");
  Make make_weak = Find<Make>(
      "_ZN2v812api_internal8MakeWeakEPmPvPFvRKNS_16WeakCallbackInfoIvEEENS_16WeakCallbackTypeE");
  Clear clear_weak = Find<Clear>("_ZN2v812api_internal9ClearWeakEPm");

  // In the program itself: -Bsymbolic has every other search begin with this add-on.
  template <class Function>
  static Function Find(const char* name) {
#ifdef __APPLE__
    void* program = RTLD_MAIN_ONLY;
#else
    void* program = dlopen(nullptr, RTLD_LAZY);
#endif
    void* found = dlsym(program, name);
    if (found == nullptr) {
      std::fprintf(stderr, "This Bun lacks %s, which kafka/native/handles.cc needs.\n", name);
      std::abort();
    }
    return reinterpret_cast<Function>(found);
  }
};

const Bun& TheBun() {
  static const Bun bun;
  return bun;
}

void Empty(const v8::FunctionCallbackInfo<v8::Value>& info);

class Handles {
 public:
  // False when it is another isolate than the first, or when Bun is not as expected.
  bool OpenFor(v8::Isolate* isolate) {
    if (isolate_ == nullptr) {
      isolate_ = isolate;
      is_open_ = Open(isolate);
    }
    return is_open_ && isolate == isolate_;
  }

  // Null when the value is none that this can hold.
  Slot* Take(Address value) {
    bool is_small = IsSmallInteger(value);
    uint16_t type = is_small ? 0 : InstanceType(*Pointee(value));
    bool is_constant = is_small || type == kOddball;
    uint32_t kept = kNotKept;
    if (!is_constant && type != kHeapNumber) {
      if (Pointee(value)[1] == 0 || !Keep(value, &kept)) return nullptr;
    }
    Slot* slot = Reuse();
    slot->kept = kept;
    if (is_constant) {
      Store(&slot->value, value);
      return slot;
    }
    Store(&slot->content, Pointee(value)[1]);
    Store(&slot->map, *Pointee(value));
    Store(&slot->value, reinterpret_cast<Address>(&slot->map) | (value & kTagMask));
    return slot;
  }

  void GiveBack(Slot* slot) {
    slot->weak_parameter = nullptr;
    slot->node[kFlags] = 0;
    // A Local of a constant is a copy of all there is.
    if (slot->value != (reinterpret_cast<Address>(&slot->map) | (slot->value & kTagMask))) {
      Store(&slot->value, 0);
      free_.push_back(slot);
    } else {
      disposed_.push_back(slot);
    }
  }

  // Asks for a turn of the event loop in which to empty what was disposed of. Called where handles are made, which is
  // where the package was called by JavaScript or by the event loop, and not from GiveBack, which runs in destructors.
  void Schedule() {
    if (scheduled_ || disposed_.empty()) return;
    v8::HandleScope scope(isolate_);
    Local<v8::Value> arguments[] = {LocalAt<v8::Value>(empty_)};
    scheduled_ = !LocalAt<v8::Function>(set_immediate_)
                      ->Call(LocalAt<v8::Context>(context_), LocalAt<v8::Value>(empty_), 1, arguments)
                      .IsEmpty();
  }

  // Called by the event loop.
  void EmptyDisposed() {
    scheduled_ = false;
    // A loop within a loop: a callback of the package waits synchronously, and its Locals are still there.
    if (v8::internal::Internals::GetHandleScopeData(isolate_)->level != 0) return;
    while (!disposed_.empty()) {
      Slot* slot = disposed_.back();
      Store(&slot->map, empty_map_);
      Store(&slot->content, 0);
      if (slot->kept != kNotKept && !Release(slot->kept)) return;
      slot->kept = kNotKept;
      disposed_.pop_back();
      free_.push_back(slot);
    }
  }

  void MarkWeak(Slot* slot, void* parameter) {
    slot->weak_parameter = parameter;
    slot->node[kFlags] = kWeak;
  }

  void* ClearWeak(Slot* slot) {
    void* parameter = slot->weak_parameter;
    slot->weak_parameter = nullptr;
    slot->node[kFlags] = 0;
    return parameter;
  }

  // Handles that Bun made for want of a better one. Disposed or not: Bun keeps them.
  std::unordered_set<Address*> lent;

  size_t used() const { return made_ - free_.size() + lent.size(); }

 private:
  // What lives as long as the process is in Bun's handles.
  bool Open(v8::Isolate* isolate) {
    v8::HandleScope scope(isolate);
    Local<v8::Context> context = isolate->GetCurrentContext();
    Local<v8::Value> set_immediate, object, create, kept;
    Local<v8::Function> empty;
    // Without a prototype, for a setter there could swallow what is to be kept.
    Local<v8::Value> arguments[] = {v8::Null(isolate)};
    if (!Property(context, context->Global(), "setImmediate").ToLocal(&set_immediate) ||
        !set_immediate->IsFunction() || !Property(context, context->Global(), "Object").ToLocal(&object) ||
        !object->IsObject() || !Property(context, object.As<v8::Object>(), "create").ToLocal(&create) ||
        !create->IsFunction() || !create.As<v8::Function>()->Call(context, object, 1, arguments).ToLocal(&kept) ||
        !kept->IsObject() || !v8::FunctionTemplate::New(isolate, Empty)->GetFunction(context).ToLocal(&empty)) {
      return false;
    }
    const double half = 0.5;
    Local<v8::Value> half_value = v8::Number::New(isolate, half);
    Address number = WordOf(half_value);
    if (IsSmallInteger(number) || InstanceType(*Pointee(number)) != kHeapNumber) return false;
    if (std::memcmp(&Pointee(number)[1], &half, sizeof(half)) != 0) return false;
    empty_map_ = *Pointee(number);
    context_ = Root(context);
    kept_ = Root(kept);
    set_immediate_ = Root(set_immediate);
    empty_ = Root(empty);
    return HoldsWhatItWasGiven(half_value) && HoldsWhatItWasGiven(kept) && HoldsWhatItWasGiven(empty) &&
           HoldsWhatItWasGiven(object);
  }

  static v8::MaybeLocal<v8::Value> Property(Local<v8::Context> context, Local<v8::Object> object, const char* name) {
    Local<v8::String> key;
    if (!v8::String::NewFromUtf8(v8::Isolate::GetCurrent(), name, v8::NewStringType::kNormal, -1).ToLocal(&key)) return {};
    return object->Get(context, key);
  }

  // Is the layout as this file describes it?
  bool HoldsWhatItWasGiven(Local<v8::Value> value) {
    Slot* slot = Take(WordOf(value));
    if (slot == nullptr) return false;
    bool is_same = LocalAt<v8::Value>(&slot->value)->StrictEquals(value);
    GiveBack(slot);
    return is_same;
  }

  static constexpr int kFlags = v8::internal::Internals::kNodeFlagsOffset - sizeof(Address);
  static constexpr uint8_t kWeak = v8::internal::Internals::kNodeStateIsWeakValue;
  static constexpr size_t kSlotsAtOnce = 256;

  template <class T>
  const Address* Root(Local<T> local) {
    return TheBun().globalize(reinterpret_cast<v8::internal::Isolate*>(isolate_), WordOf(local));
  }

  bool Put(uint32_t index, const Address* value) {
    return LocalAt<v8::Object>(kept_)
        ->Set(LocalAt<v8::Context>(context_), index, LocalAt<v8::Value>(value))
        .FromMaybe(false);
  }

  bool Keep(Address value, uint32_t* index) {
    uint32_t place = kept_free_.empty() ? kept_made_ : kept_free_.back();
    if (!Put(place, &value)) return false;
    if (kept_free_.empty()) {
      kept_made_ += 1;
    } else {
      kept_free_.pop_back();
    }
    *index = place;
    return true;
  }

  bool Release(uint32_t index) {
    const Address zero = 0;
    if (!Put(index, &zero)) return false;
    kept_free_.push_back(index);
    return true;
  }

  Slot* Reuse() {
    if (free_.empty()) {
      Slot* slots = new Slot[kSlotsAtOnce]();
      made_ += kSlotsAtOnce;
      for (size_t i = kSlotsAtOnce; i-- > 0;) {
        slots[i].map = empty_map_;
        free_.push_back(&slots[i]);
      }
    }
    Slot* slot = free_.back();
    free_.pop_back();
    return slot;
  }

  v8::Isolate* isolate_ = nullptr;
  const Address* context_ = nullptr;
  // The JavaScript object whose elements are kept alive; its free places hold the number 0.
  const Address* kept_ = nullptr;
  const Address* set_immediate_ = nullptr;
  const Address* empty_ = nullptr;
  Address empty_map_ = 0;
  std::vector<uint32_t> kept_free_;
  uint32_t kept_made_ = 0;
  std::vector<Slot*> free_;
  std::vector<Slot*> disposed_;
  size_t made_ = 0;
  bool scheduled_ = false;
  bool is_open_ = false;
};

// Never destroyed: handles may outlive every destructor that runs at exit.
Handles& TheHandles() {
  static Handles& handles = *new Handles;
  return handles;
}

void Empty(const v8::FunctionCallbackInfo<v8::Value>&) { TheHandles().EmptyDisposed(); }

Slot* Owned(Address* location) {
  Handles& handles = TheHandles();
  bool is_bun = !handles.lent.empty() && handles.lent.count(location) != 0;
  return is_bun ? nullptr : reinterpret_cast<Slot*>(location);
}

}  // namespace

namespace v8 {
namespace api_internal {

Address* GlobalizeReference(internal::Isolate* isolate, Address value) {
  Handles& handles = TheHandles();
  if (handles.OpenFor(reinterpret_cast<Isolate*>(isolate))) {
    handles.Schedule();
    if (Slot* slot = handles.Take(value)) return &slot->value;
  }
  Address* location = TheBun().globalize(isolate, value);
  handles.lent.insert(location);
  return location;
}

void DisposeGlobal(Address* location) {
  if (location == nullptr) return;
  if (Slot* slot = Owned(location)) return TheHandles().GiveBack(slot);
  TheBun().dispose(location);
}

// Weak handles keep their object, as Bun's own do: nothing of the package is destroyed by garbage collection.
void MakeWeak(Address* location, void* parameter, WeakCallbackInfo<void>::Callback callback, WeakCallbackType type) {
  if (location == nullptr) return;
  if (Slot* slot = Owned(location)) return TheHandles().MarkWeak(slot, parameter);
  TheBun().make_weak(location, parameter, callback, type);
}

void* ClearWeak(Address* location) {
  if (location == nullptr) return nullptr;
  if (Slot* slot = Owned(location)) return TheHandles().ClearWeak(slot);
  return TheBun().clear_weak(location);
}

}  // namespace api_internal
}  // namespace v8

// For the probe test: how many persistent handles the package holds, with those that wait for their turn to be emptied.
extern "C" double orderwire_handles_in_use(void) { return static_cast<double>(TheHandles().used()); }
