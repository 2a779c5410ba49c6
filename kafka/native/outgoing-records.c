// A producer's records on their way out, without a JavaScript object for any of them: each is handed over by one call with
// its bytes, and the reports of all that have come back are taken together. Called by JavaScript through bun:ffi, on its own thread.
//
// The client's queue is served on that thread too, when librdkafka says that there is something: no thread of its own stands
// between. Statistics, errors and log lines in the same queue go to the package's callbacks.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "clients.h"

// A report: what the record was given as its id, librdkafka's code, partition, offset.
enum { kReportNumbers = 4 };

struct orderwire_outgoing {
  rd_kafka_t *handle;
  rd_kafka_queue_t *queue;
  uv_async_t *wake;
  void (*on_wake)(void);
  rd_kafka_topic_t **topics;
  int topic_count;
  double *reports;
  size_t report_count;
  size_t report_size;
};

typedef void (*report_callback)(rd_kafka_t *, const rd_kafka_message_t *, void *);

// Whose queue is being served; there is one thread that does.
static struct orderwire_outgoing *served;
// The C++ layer's, the same for all of its clients.
static report_callback report_to_package;

// An id is kept where the package keeps a pointer: odd, which a pointer is not.
static void *opaque_of(double id) { return (void *)(((uintptr_t)id << 1) | 1); }

static void on_report(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque) {
  uintptr_t id = (uintptr_t)message->_private;
  if ((id & 1) == 0) {
    report_to_package(handle, message, opaque);
    return;
  }
  // While a client is destroyed, nobody waits for what it still says.
  if (served == NULL) return;
  if (served->report_count == served->report_size) {
    size_t size = served->report_size * 2;
    double *larger = realloc(served->reports, size * kReportNumbers * sizeof(double));
    if (larger == NULL) abort();
    served->reports = larger;
    served->report_size = size;
  }
  double *report = served->reports + kReportNumbers * served->report_count++;
  report[0] = (double)(id >> 1);
  report[1] = message->err;
  report[2] = message->partition;
  report[3] = (double)message->offset;
}

// librdkafka's C++ layer is compiled to call this instead of rd_kafka_conf_set_dr_msg_cb.
void orderwire_conf_set_dr_msg_cb(rd_kafka_conf_t *conf, report_callback callback) {
  report_to_package = callback;
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
}

// By librdkafka's threads, when the queue was empty and is no longer.
static void on_queued(rd_kafka_t *handle, void *opaque) {
  (void)handle;
  uv_async_send(((struct orderwire_outgoing *)opaque)->wake);
}

static void on_async(uv_async_t *async) {
  struct orderwire_outgoing *outgoing = async->data;
  if (outgoing != NULL) outgoing->on_wake();
}

static void on_async_closed(uv_handle_t *handle) { free(handle); }

// `name` is the client's; null when there is no such producer, or its records were opened before. To be closed before the
// producer is disconnected. `on_wake` is called on the thread that calls this, whenever there is something to poll.
EXPORTED struct orderwire_outgoing *orderwire_outgoing_open(const char *name, void (*on_wake)(void)) {
  rd_kafka_t *handle = orderwire_claim_client(name);
  if (handle == NULL) return NULL;
  struct orderwire_outgoing *outgoing = calloc(1, sizeof(*outgoing));
  outgoing->handle = handle;
  outgoing->on_wake = on_wake;
  outgoing->report_size = 256;
  outgoing->reports = malloc(outgoing->report_size * kReportNumbers * sizeof(double));
  outgoing->wake = malloc(sizeof(*outgoing->wake));
  uv_async_init(uv_default_loop(), outgoing->wake, on_async);
  outgoing->wake->data = outgoing;
  outgoing->queue = rd_kafka_queue_get_main(handle);
  rd_kafka_queue_cb_event_enable(outgoing->queue, on_queued, outgoing);
  // What was queued before is told of as well.
  uv_async_send(outgoing->wake);
  return outgoing;
}

EXPORTED void orderwire_outgoing_close(struct orderwire_outgoing *outgoing) {
  rd_kafka_queue_cb_event_enable(outgoing->queue, NULL, NULL);
  rd_kafka_queue_destroy(outgoing->queue);
  for (int i = 0; i < outgoing->topic_count; i++) rd_kafka_topic_destroy(outgoing->topics[i]);
  outgoing->wake->data = NULL;
  uv_close((uv_handle_t *)outgoing->wake, on_async_closed);
  free(outgoing->topics);
  free(outgoing->reports);
  free(outgoing);
}

// The number by which records name their topic; -1 when librdkafka does not take the name.
EXPORTED int orderwire_outgoing_topic(struct orderwire_outgoing *outgoing, const char *name) {
  rd_kafka_topic_t *topic = rd_kafka_topic_new(outgoing->handle, name, NULL);
  if (topic == NULL) return -1;
  size_t count = (size_t)outgoing->topic_count + 1;
  rd_kafka_topic_t **topics = realloc(outgoing->topics, count * sizeof(*topics));
  if (topics == NULL) abort();
  outgoing->topics = topics;
  outgoing->topics[outgoing->topic_count] = topic;
  return outgoing->topic_count++;
}

// Lengths are pairs, of a name and of its value.
static rd_kafka_headers_t *read_headers(const int32_t *lengths, int count, const char *bytes) {
  rd_kafka_headers_t *headers = rd_kafka_headers_new((size_t)count);
  for (int i = 0; i < count; i++) {
    int32_t name_length = lengths[2 * i], value_length = lengths[2 * i + 1];
    rd_kafka_header_add(headers, bytes, name_length, bytes + name_length, value_length);
    bytes += name_length + value_length;
  }
  return headers;
}

// No bytes are not null: JavaScript has no address for them.
static void *bytes_or_null(const void *bytes, int length) {
  if (length < 0) return NULL;
  return (void *)(bytes == NULL ? "" : bytes);
}

static size_t length_of(int length) { return length < 0 ? 0 : (size_t)length; }

// Queues copies and answers 0, or the code of what librdkafka has against the record: there is no report for it then. A
// length below zero is null; timestamp 0 is now.
EXPORTED int orderwire_outgoing_put(struct orderwire_outgoing *outgoing, int topic, const void *value,
                                    int value_length, const void *key, int key_length, const int32_t *header_lengths,
                                    int header_count, const char *header_bytes, double timestamp, double id) {
  rd_kafka_headers_t *headers = header_count == 0 ? NULL : read_headers(header_lengths, header_count, header_bytes);
  rd_kafka_vu_t parts[] = {
      {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = outgoing->topics[topic]},
      {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
      {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {bytes_or_null(value, value_length), length_of(value_length)}},
      {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {bytes_or_null(key, key_length), length_of(key_length)}},
      {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = (int64_t)timestamp},
      {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = opaque_of(id)},
      {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
  };
  size_t count = sizeof(parts) / sizeof(*parts) - (headers == NULL ? 1 : 0);
  rd_kafka_error_t *error = rd_kafka_produceva(outgoing->handle, parts, count);
  if (error == NULL) return 0;
  int code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  if (headers != NULL) rd_kafka_headers_destroy(headers);
  return code;
}

// Serves the client's queue without waiting; answers how many reports there are to read.
EXPORTED int orderwire_outgoing_poll(struct orderwire_outgoing *outgoing) {
  served = outgoing;
  rd_kafka_poll(outgoing->handle, 0);
  served = NULL;
  return (int)outgoing->report_count;
}

// `reports` has room for as many as the last poll said. All of them are told, and told once.
EXPORTED void orderwire_outgoing_read(struct orderwire_outgoing *outgoing, double *reports) {
  memcpy(reports, outgoing->reports, outgoing->report_count * kReportNumbers * sizeof(double));
  outgoing->report_count = 0;
}
