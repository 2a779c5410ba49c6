// Records by the batch: what a consumer has queued, taken without waiting and laid out in two blocks of memory, which is
// a fraction of the work of one JavaScript object a record with a buffer of its own for every part. Called by JavaScript
// through bun:ffi, on its own thread.
//
// The queue is the one that the package's own consume() reads, and it is served in the same way: rebalances, answers to
// commits, statistics and log lines go to the package's callbacks, whoever takes from it.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"

// Texts that come again and again, told once and then by their number.
struct names {
  char **texts;
  int count;
  int size;
  int limit;
};

// -1 when it is new and there may be no more.
static int number_of(struct names *names, const char *text) {
  for (int i = 0; i < names->count; i++) {
    if (strcmp(names->texts[i], text) == 0) return i;
  }
  if (names->count == names->limit) return -1;
  if (names->count == names->size) {
    names->size = names->size == 0 ? 8 : names->size * 2;
    names->texts = realloc(names->texts, (size_t)names->size * sizeof(*names->texts));
  }
  names->texts[names->count] = strdup(text);
  return names->count++;
}

static void drop_names(struct names *names) {
  for (int i = 0; i < names->count; i++) free(names->texts[i]);
  free(names->texts);
}

// Whoever may write to a topic can invent names of headers; those of topics are as many as were subscribed to.
enum { kTopics = INT32_MAX, kHeaderNames = 64, kRecordWords = 9, kHeaderWords = 2 };

struct orderwire_batches {
  rd_kafka_queue_t *queue;
  rd_kafka_message_t **messages;
  size_t size;
  size_t count;
  struct names topics;
  struct names header_names;
};

EXPORTED void orderwire_batches_close(struct orderwire_batches *batches) {
  for (size_t i = 0; i < batches->count; i++) rd_kafka_message_destroy(batches->messages[i]);
  rd_kafka_queue_destroy(batches->queue);
  drop_names(&batches->topics);
  drop_names(&batches->header_names);
  free(batches->messages);
  free(batches);
}

// `name` is the client's; null when there is no such consumer, or its batches were opened before. To be closed before the
// consumer is.
EXPORTED struct orderwire_batches *orderwire_batches_open(const char *name, int size) {
  rd_kafka_t *handle = orderwire_claim_client(name);
  if (handle == NULL) return NULL;
  struct orderwire_batches *batches = calloc(1, sizeof(*batches));
  batches->queue = rd_kafka_queue_get_consumer(handle);
  batches->messages = calloc((size_t)size, sizeof(*batches->messages));
  batches->size = (size_t)size;
  batches->topics.limit = kTopics;
  batches->header_names.limit = kHeaderNames;
  return batches;
}

static int32_t length_or_null(const void *bytes, size_t length) { return bytes == NULL ? -1 : (int32_t)length; }

static rd_kafka_headers_t *headers_of(const rd_kafka_message_t *message) {
  rd_kafka_headers_t *headers = NULL;
  return rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR ? headers : NULL;
}

// Takes what is queued, at most `limit` records, without waiting. Writes the number of records, the words and bytes that `read` will write, and the
// code of an error that was queued among them, the first one; 0 for none.
EXPORTED void orderwire_batches_take(struct orderwire_batches *batches, int limit, double *taken) {
  size_t size = (size_t)limit < batches->size ? (size_t)limit : batches->size;
  ssize_t found = rd_kafka_consume_batch_queue(batches->queue, 0, batches->messages, size);
  size_t words = 0, bytes = 0;
  int error = 0;
  batches->count = 0;
  for (ssize_t i = 0; i < found; i++) {
    rd_kafka_message_t *message = batches->messages[i];
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (error == 0) error = message->err;
      rd_kafka_message_destroy(message);
      continue;
    }
    batches->messages[batches->count++] = message;
    words += kRecordWords;
    bytes += message->len + message->key_len;
    const char *name;
    const void *value;
    size_t length;
    rd_kafka_headers_t *headers = headers_of(message);
    for (size_t h = 0; headers != NULL && rd_kafka_header_get_all(headers, h, &name, &value, &length) == 0; h++) {
      words += kHeaderWords;
      bytes += strlen(name) + length;
    }
  }
  taken[0] = (double)batches->count;
  taken[1] = (double)words;
  taken[2] = (double)bytes;
  taken[3] = error;
}

static char *put(char *to, const void *from, size_t length) {
  if (length > 0) memcpy(to, from, length);
  return to + length;
}

// Lays out what was taken. A record's words: topic number, partition, offset (high, low), timestamp (high, low), length of
// key and value (-1 for null), how many headers; then for each header the number of its name, or -1 less the length of a
// name that is among the bytes, and the length of its value. Its bytes: key, value, then what the headers have.
EXPORTED void orderwire_batches_read(struct orderwire_batches *batches, int32_t *words, char *bytes) {
  for (size_t i = 0; i < batches->count; i++) {
    rd_kafka_message_t *message = batches->messages[i];
    rd_kafka_timestamp_type_t type;
    int64_t timestamp = rd_kafka_message_timestamp(message, &type);
    *words++ = number_of(&batches->topics, rd_kafka_topic_name(message->rkt));
    *words++ = message->partition;
    *words++ = (int32_t)(message->offset >> 32);
    *words++ = (int32_t)message->offset;
    *words++ = (int32_t)(timestamp >> 32);
    *words++ = (int32_t)timestamp;
    *words++ = length_or_null(message->key, message->key_len);
    *words++ = length_or_null(message->payload, message->len);
    int32_t *header_count = words++;
    *header_count = 0;
    bytes = put(bytes, message->key, message->key_len);
    bytes = put(bytes, message->payload, message->len);
    const char *name;
    const void *value;
    size_t length;
    rd_kafka_headers_t *headers = headers_of(message);
    for (size_t h = 0; headers != NULL && rd_kafka_header_get_all(headers, h, &name, &value, &length) == 0; h++) {
      int number = number_of(&batches->header_names, name);
      if (number < 0) {
        size_t name_length = strlen(name);
        bytes = put(bytes, name, name_length);
        number = -1 - (int)name_length;
      }
      *words++ = number;
      *words++ = length_or_null(value, length);
      bytes = put(bytes, value, length);
      *header_count += 1;
    }
    rd_kafka_message_destroy(message);
  }
  batches->count = 0;
}

EXPORTED const char *orderwire_batches_topic(const struct orderwire_batches *batches, int number) {
  return batches->topics.texts[number];
}

EXPORTED const char *orderwire_batches_header_name(const struct orderwire_batches *batches, int number) {
  return batches->header_names.texts[number];
}

EXPORTED const char *orderwire_batches_error_text(int code) { return rd_kafka_err2str((rd_kafka_resp_err_t)code); }
