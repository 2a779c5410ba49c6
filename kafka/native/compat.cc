// What Bun 1.4.5 lacks of the interfaces that @confluentinc/kafka-javascript is written against.
//
// The package is a NAN add-on: it calls V8, node and libuv directly. Bun runs JavaScriptCore and offers a copy of
// those interfaces, about twenty functions short of what this package needs; the dynamic linker resolves the rest of
// the calls to Bun, and these to the definitions below. Each does what Node's own would do with the same argument,
// built from functions that Bun does have, mostly by asking JavaScript itself.
//
// Rules that hold throughout:
// - An exception thrown by JavaScript (a proxy's trap, a getter) stays pending, and the function answers "nothing", as
//   V8 does. No function here aborts the process.
// - A handle of the wrong kind answers "no", null or zero, where V8 would abort.
// - Bytes are counted, never terminated: text may hold NUL.
//
// Linked with -Bsymbolic, so that the add-on finds these before anything of the same name in Bun.

#include <dlfcn.h>
#include <node.h>
#include <node_buffer.h>
#include <pthread.h>
#include <uv.h>

#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

// A V8 member function's `this` is a handle's slot seen as an object: Local<T> is one pointer wide and holds exactly
// that pointer, so the receiver can be turned back into the Local that it was called through.
template <class T>
v8::Local<T> LocalOf(const void* receiver) {
  v8::Local<T> local;
  static_assert(sizeof(local) == sizeof(receiver), "Local<T> must be one pointer");
  std::memcpy(static_cast<void*>(&local), &receiver, sizeof(receiver));
  return local;
}

v8::Local<v8::Context> CurrentContext(v8::Isolate* isolate) { return isolate->GetCurrentContext(); }

v8::MaybeLocal<v8::String> Text(v8::Isolate* isolate, const char* text) {
  return v8::String::NewFromUtf8(isolate, text, v8::NewStringType::kNormal, -1);
}

v8::MaybeLocal<v8::Value> Property(v8::Isolate* isolate, v8::Local<v8::Object> object, const char* name) {
  v8::Local<v8::String> key;
  if (!Text(isolate, name).ToLocal(&key)) return {};
  return object->Get(CurrentContext(isolate), key);
}

// globalThis[name] as an object: a constructor or a namespace such as Reflect.
v8::MaybeLocal<v8::Object> GlobalObject(v8::Isolate* isolate, const char* name) {
  v8::Local<v8::Value> value;
  if (!Property(isolate, CurrentContext(isolate)->Global(), name).ToLocal(&value) || !value->IsObject()) return {};
  return value.As<v8::Object>();
}

// object[name](...arguments)
v8::MaybeLocal<v8::Value> Invoke(v8::Isolate* isolate, v8::Local<v8::Object> object, const char* name, int count,
                                 v8::Local<v8::Value>* arguments) {
  v8::Local<v8::Value> method;
  if (!Property(isolate, object, name).ToLocal(&method) || !method->IsFunction()) return {};
  return method.As<v8::Function>()->Call(CurrentContext(isolate), object, count, arguments);
}

// globalThis[owner][name](argument)
v8::MaybeLocal<v8::Value> InvokeGlobal(v8::Isolate* isolate, const char* owner, const char* name, int count,
                                       v8::Local<v8::Value>* arguments) {
  v8::Local<v8::Object> object;
  if (!GlobalObject(isolate, owner).ToLocal(&object)) return {};
  return Invoke(isolate, object, name, count, arguments);
}

// ECMAScript's ToNumber and truncation towards zero in one step. Throws in JavaScript what they throw: a TypeError for
// a symbol or a bigint, anything for an object's own valueOf.
bool ToTruncated(v8::Isolate* isolate, v8::Local<v8::Value> value, double* result) {
  v8::Local<v8::Value> truncated = value;
  if (!value->IsNumber()) {
    v8::Local<v8::Value> arguments[] = {value};
    if (!InvokeGlobal(isolate, "Math", "trunc", 1, arguments).ToLocal(&truncated) || !truncated->IsNumber()) {
      return false;
    }
  }
  *result = std::trunc(truncated.As<v8::Number>()->Value());
  return true;
}

// Tells an exact built-in class, also of another realm or a subclass: "[object RegExp]".
bool HasTag(v8::Isolate* isolate, v8::Local<v8::Value> value, const char* tag) {
  v8::Local<v8::Object> constructor, prototype;
  v8::Local<v8::Value> found, method, text;
  if (!GlobalObject(isolate, "Object").ToLocal(&constructor)) return false;
  if (!Property(isolate, constructor, "prototype").ToLocal(&found) || !found->IsObject()) return false;
  prototype = found.As<v8::Object>();
  if (!Property(isolate, prototype, "toString").ToLocal(&method) || !method->IsFunction()) return false;
  if (!method.As<v8::Function>()->Call(CurrentContext(isolate), value, 0, nullptr).ToLocal(&text)) return false;
  v8::Local<v8::String> expected;
  return Text(isolate, tag).ToLocal(&expected) && text->StrictEquals(expected);
}

}  // namespace

namespace v8 {

// Configuration objects and message headers are walked by their names. Bun has Get, but no way to list.
MaybeLocal<Array> Object::GetOwnPropertyNames(Local<Context> context) {
  Isolate* isolate = Isolate::GetCurrent();
  EscapableHandleScope scope(isolate);
  Local<Value> arguments[] = {LocalOf<Value>(this)};
  Local<Value> names;
  (void)context;
  if (!InvokeGlobal(isolate, "Object", "keys", 1, arguments).ToLocal(&names) || !names->IsArray()) return {};
  return scope.Escape(names.As<Array>());
}

// "Is this option given?", asked for nearly every field that the package reads.
Maybe<bool> Object::Has(Local<Context> context, Local<Value> key) {
  Isolate* isolate = Isolate::GetCurrent();
  HandleScope scope(isolate);
  Local<Value> arguments[] = {LocalOf<Value>(this), key};
  Local<Value> found;
  (void)context;
  if (!InvokeGlobal(isolate, "Reflect", "has", 2, arguments).ToLocal(&found)) return Nothing<bool>();
  return Just(found->IsTrue());
}

// ECMAScript's ToInt32: modulo 2^32, not saturated. NaN and the infinities are 0.
Maybe<int32_t> Value::Int32Value(Local<Context> context) const {
  Isolate* isolate = Isolate::GetCurrent();
  HandleScope scope(isolate);
  double number;
  (void)context;
  if (!ToTruncated(isolate, LocalOf<Value>(this), &number)) return Nothing<int32_t>();
  if (!std::isfinite(number)) return Just<int32_t>(0);
  double wrapped = std::fmod(number, 4294967296.0);
  if (wrapped < 0) wrapped += 4294967296.0;
  return Just(static_cast<int32_t>(static_cast<uint32_t>(wrapped)));
}

// Offsets and timestamps. Saturates as V8's does, where a plain C cast of an out-of-range double is undefined.
Maybe<int64_t> Value::IntegerValue(Local<Context> context) const {
  Isolate* isolate = Isolate::GetCurrent();
  HandleScope scope(isolate);
  double number;
  (void)context;
  if (!ToTruncated(isolate, LocalOf<Value>(this), &number)) return Nothing<int64_t>();
  if (std::isnan(number)) return Just<int64_t>(0);
  if (number >= 9223372036854775808.0) return Just(INT64_MAX);
  if (number < -9223372036854775808.0) return Just(INT64_MIN);
  return Just(static_cast<int64_t>(number));
}

// Never throws: truthiness is defined for every value.
bool Value::BooleanValue(Isolate* isolate) const {
  HandleScope scope(isolate);
  Local<Value> self = LocalOf<Value>(this);
  if (self->IsBoolean()) return self->IsTrue();
  if (self->IsObject()) return true;
  Local<Object> constructor;
  Local<Value> arguments[] = {self};
  Local<Value> result;
  if (!GlobalObject(isolate, "Boolean").ToLocal(&constructor)) return false;
  if (!constructor.As<Function>()->Call(CurrentContext(isolate), constructor, 1, arguments).ToLocal(&result)) return false;
  return result->IsTrue();
}

// Topics may be given to subscribe() as regular expressions.
bool Value::IsRegExp() const {
  if (!IsObject()) return false;
  Isolate* isolate = Isolate::GetCurrent();
  HandleScope scope(isolate);
  return HasTag(isolate, LocalOf<Value>(this), "[object RegExp]");
}

Local<String> RegExp::GetSource() const {
  Isolate* isolate = Isolate::GetCurrent();
  EscapableHandleScope scope(isolate);
  Local<Value> source;
  Local<String> text;
  // The tag that IsRegExp reads can be forged, so the property may be anything.
  if (Property(isolate, LocalOf<Object>(this), "source").ToLocal(&source) &&
      source->ToString(CurrentContext(isolate)).ToLocal(&text)) {
    return scope.Escape(text);
  }
  return scope.Escape(Text(isolate, "").ToLocalChecked());
}

// Boxes primitives; null and undefined throw a TypeError, which Object() alone would not.
MaybeLocal<Object> Value::ToObject(Local<Context> context) const {
  Isolate* isolate = Isolate::GetCurrent();
  EscapableHandleScope scope(isolate);
  Local<Value> self = LocalOf<Value>(this);
  if (self->IsObject()) return scope.Escape(self.As<Object>());
  if (self->IsNullOrUndefined()) {
    Local<String> message;
    if (Text(isolate, "Cannot convert undefined or null to object").ToLocal(&message)) {
      isolate->ThrowException(Exception::TypeError(message));
    }
    return {};
  }
  Local<Object> constructor;
  Local<Value> arguments[] = {self};
  Local<Value> boxed;
  if (!GlobalObject(isolate, "Object").ToLocal(&constructor)) return {};
  if (!constructor.As<Function>()->Call(context, constructor, 1, arguments).ToLocal(&boxed)) return {};
  return scope.Escape(boxed.As<Object>());
}

}  // namespace v8

namespace node {
namespace Buffer {
namespace {

// What Data() answers for no bytes. The package takes a null pointer for a null value, and a null value in Kafka is a
// tombstone: an empty Buffer must stay an empty value.
char no_bytes[1];

struct Bytes {
  char* data;
  size_t length;
};

Bytes BytesOf(v8::Local<v8::Value> value) {
  if (!HasInstance(value)) return {nullptr, 0};
  v8::HandleScope scope(v8::Isolate::GetCurrent());
  v8::Local<v8::ArrayBufferView> view = value.As<v8::ArrayBufferView>();
  size_t length = view->ByteLength();
  if (length == 0) return {no_bytes, 0};
  // Detached between two calls, or its memory was never allocated: no bytes rather than a stale address.
  v8::Local<v8::ArrayBuffer> buffer = view->Buffer();
  if (buffer.IsEmpty()) return {no_bytes, 0};
  std::shared_ptr<v8::BackingStore> store = buffer->GetBackingStore();
  if (!store || store->Data() == nullptr) return {no_bytes, 0};
  return {static_cast<char*>(store->Data()) + view->ByteOffset(), length};
}

}  // namespace

// Node means any view of an ArrayBuffer, not only its own class.
bool HasInstance(v8::Local<v8::Value> value) {
  if (value.IsEmpty() || !value->IsObject()) return false;
  if (value->IsUint8Array()) return true;
  v8::Isolate* isolate = v8::Isolate::GetCurrent();
  v8::HandleScope scope(isolate);
  v8::Local<v8::Value> arguments[] = {value};
  v8::Local<v8::Value> answer;
  return InvokeGlobal(isolate, "ArrayBuffer", "isView", 1, arguments).ToLocal(&answer) && answer->IsTrue();
}
bool HasInstance(v8::Local<v8::Object> object) { return HasInstance(object.As<v8::Value>()); }

// The address holds until JavaScript runs again; the package copies at once.
char* Data(v8::Local<v8::Value> value) { return BytesOf(value).data; }
char* Data(v8::Local<v8::Object> object) { return BytesOf(object.As<v8::Value>()).data; }

size_t Length(v8::Local<v8::Value> value) { return BytesOf(value).length; }
size_t Length(v8::Local<v8::Object> object) { return BytesOf(object.As<v8::Value>()).length; }

// Every consumed key, value and header comes through here. allocUnsafeSlow, because a slice of the shared pool would
// keep 8 KB alive for as long as a stored key of ten bytes is.
v8::MaybeLocal<v8::Object> Copy(v8::Isolate* isolate, const char* data, size_t length) {
  v8::EscapableHandleScope scope(isolate);
  v8::Local<v8::Value> arguments[] = {v8::Number::New(isolate, static_cast<double>(length))};
  v8::Local<v8::Value> buffer;
  if (!InvokeGlobal(isolate, "Buffer", "allocUnsafeSlow", 1, arguments).ToLocal(&buffer)) return {};
  Bytes bytes = BytesOf(buffer);
  if (bytes.length != length) return {};
  if (length > 0) std::memcpy(bytes.data, data, length);
  return scope.Escape(buffer.As<v8::Object>());
}

// Takes the memory over, as Node's does, also when no buffer could be made.
v8::MaybeLocal<v8::Object> New(v8::Isolate* isolate, char* data, size_t length) {
  v8::MaybeLocal<v8::Object> buffer = Copy(isolate, data, length);
  std::free(data);
  return buffer;
}

}  // namespace Buffer

// Bytes to a Buffer or to text. Bytes that are not UTF-8 become U+FFFD, as in Node.
v8::MaybeLocal<v8::Value> TryEncode(v8::Isolate* isolate, const char* data, size_t length, enum encoding encoding) {
  v8::EscapableHandleScope scope(isolate);
  v8::Local<v8::Object> buffer;
  if (encoding == UTF8 && length <= INT_MAX) {
    v8::Local<v8::String> text;
    // A length of 0 is passed as text too: -1 alone would mean "up to the NUL".
    if (!v8::String::NewFromUtf8(isolate, length == 0 ? "" : data, v8::NewStringType::kNormal, static_cast<int>(length))
             .ToLocal(&text)) {
      return {};
    }
    return scope.Escape(text.As<v8::Value>());
  }
  if (!Buffer::Copy(isolate, data, length).ToLocal(&buffer)) return {};
  const char* name = nullptr;
  switch (encoding) {
    case ASCII: name = "ascii"; break;
    case UTF8: name = "utf8"; break;
    case BASE64: name = "base64"; break;
    case UCS2: name = "utf16le"; break;
    case LATIN1: name = "latin1"; break;
    case HEX: name = "hex"; break;
    case BASE64URL: name = "base64url"; break;
    default: return scope.Escape(buffer.As<v8::Value>());
  }
  v8::Local<v8::String> encoding_name;
  v8::Local<v8::Value> text;
  if (!Text(isolate, name).ToLocal(&encoding_name)) return {};
  v8::Local<v8::Value> arguments[] = {encoding_name.As<v8::Value>()};
  if (!Invoke(isolate, buffer, "toString", 1, arguments).ToLocal(&text)) return {};
  return scope.Escape(text);
}

}  // namespace node

// libuv's locks and threads. Bun exports all of these names, but some only print that the function is not supported and
// end the process. What libuv does on POSIX is pthreads, and so is this. Errors are libuv's: negative errno.
extern "C" {

static_assert(sizeof(uv_rwlock_t) >= sizeof(pthread_rwlock_t), "uv_rwlock_t must hold a pthread_rwlock_t");
static_assert(sizeof(uv_thread_t) >= sizeof(pthread_t), "uv_thread_t must hold a pthread_t");

static pthread_rwlock_t* Lock(uv_rwlock_t* lock) { return reinterpret_cast<pthread_rwlock_t*>(lock); }

int uv_rwlock_init(uv_rwlock_t* lock) { return -pthread_rwlock_init(Lock(lock), nullptr); }

// A lock that cannot be taken or given back is a defect of the caller: libuv aborts, because to go on without the lock
// would corrupt memory. This is the one exception to "nothing aborts".
void uv_rwlock_destroy(uv_rwlock_t* lock) {
  if (pthread_rwlock_destroy(Lock(lock)) != 0) std::abort();
}
void uv_rwlock_rdlock(uv_rwlock_t* lock) {
  if (pthread_rwlock_rdlock(Lock(lock)) != 0) std::abort();
}
void uv_rwlock_rdunlock(uv_rwlock_t* lock) {
  if (pthread_rwlock_unlock(Lock(lock)) != 0) std::abort();
}
void uv_rwlock_wrlock(uv_rwlock_t* lock) {
  if (pthread_rwlock_wrlock(Lock(lock)) != 0) std::abort();
}
void uv_rwlock_wrunlock(uv_rwlock_t* lock) {
  if (pthread_rwlock_unlock(Lock(lock)) != 0) std::abort();
}

struct ThreadStart {
  uv_thread_cb entry;
  void* argument;
};

static void* RunThread(void* given) {
  ThreadStart start = *static_cast<ThreadStart*>(given);
  std::free(given);
  start.entry(start.argument);
  return nullptr;
}

// The stack is stated, because musl's default of 128 KB is too small for librdkafka's callbacks.
int uv_thread_create(uv_thread_t* thread, uv_thread_cb entry, void* argument) {
  const size_t stack_bytes = 4 << 20;
  ThreadStart* start = static_cast<ThreadStart*>(std::malloc(sizeof(ThreadStart)));
  if (start == nullptr) return UV_ENOMEM;
  *start = {entry, argument};
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error == 0) {
    error = pthread_attr_setstacksize(&attributes, stack_bytes);
    if (error == 0) error = pthread_create(reinterpret_cast<pthread_t*>(thread), &attributes, RunThread, start);
    pthread_attr_destroy(&attributes);
  }
  if (error != 0) std::free(start);
  return -error;
}

int uv_thread_join(uv_thread_t* thread) { return -pthread_join(*reinterpret_cast<pthread_t*>(thread), nullptr); }

// For the probe test: the first of the libuv functions above that this add-on would call in another file than its own, or
// an empty text. An address taken here goes through the same look-up as a call from the package.
const char* orderwire_foreign_symbol(void) {
  const struct {
    const char* name;
    void* address;
  } functions[] = {
      {"uv_rwlock_init", reinterpret_cast<void*>(&uv_rwlock_init)},
      {"uv_rwlock_destroy", reinterpret_cast<void*>(&uv_rwlock_destroy)},
      {"uv_rwlock_rdlock", reinterpret_cast<void*>(&uv_rwlock_rdlock)},
      {"uv_rwlock_rdunlock", reinterpret_cast<void*>(&uv_rwlock_rdunlock)},
      {"uv_rwlock_wrlock", reinterpret_cast<void*>(&uv_rwlock_wrlock)},
      {"uv_rwlock_wrunlock", reinterpret_cast<void*>(&uv_rwlock_wrunlock)},
      {"uv_thread_create", reinterpret_cast<void*>(&uv_thread_create)},
      {"uv_thread_join", reinterpret_cast<void*>(&uv_thread_join)},
  };
  Dl_info own, other;
  if (dladdr(reinterpret_cast<void*>(&RunThread), &own) == 0) return "dladdr";
  for (const auto& function : functions) {
    if (dladdr(function.address, &other) == 0 || other.dli_fbase != own.dli_fbase) return function.name;
  }
  return "";
}

}  // extern "C"
