// Kafka's DescribeConfigs for topics, which librdkafka has and the npm package does not offer. In three calls that
// JavaScript makes through bun:ffi: start, poll until there is an answer, close. None of them waits for the network.
//
// Lists go in and out as fields that each end with NUL: no such text contains one.

#include <stdlib.h>
#include <string.h>

#include "rdkafka.h"

#define EXPORTED __attribute__((visibility("default")))

struct orderwire_describe {
  rd_kafka_t *handle;
  rd_kafka_queue_t *queue;
  rd_kafka_event_t *answer;
};

static void drop_log(const rd_kafka_t *handle, int level, const char *facility, const char *text) {
  (void)handle;
  (void)level;
  (void)facility;
  (void)text;
}

static const char *next_field(const char *field) { return field + strlen(field) + 1; }

EXPORTED void orderwire_describe_close(struct orderwire_describe *describe) {
  if (describe->answer != NULL) rd_kafka_event_destroy(describe->answer);
  if (describe->queue != NULL) rd_kafka_queue_destroy(describe->queue);
  if (describe->handle != NULL) rd_kafka_destroy(describe->handle);
  free(describe);
}

// settings: name, value, name, value …; topics: name … Null when the settings are not valid, with the reason in `error`.
EXPORTED struct orderwire_describe *orderwire_describe_open(const char *settings, int setting_count,
                                                            const char *topics, int topic_count, int timeout_ms,
                                                            char *error, size_t error_size) {
  struct orderwire_describe *describe = calloc(1, sizeof(*describe));
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, drop_log);
  for (int i = 0; i < setting_count; i++) {
    const char *value = next_field(settings);
    if (rd_kafka_conf_set(conf, settings, value, error, error_size) != RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      orderwire_describe_close(describe);
      return NULL;
    }
    settings = next_field(value);
  }
  describe->handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, error_size);
  if (describe->handle == NULL) {
    rd_kafka_conf_destroy(conf);
    orderwire_describe_close(describe);
    return NULL;
  }
  describe->queue = rd_kafka_queue_new(describe->handle);

  rd_kafka_ConfigResource_t **resources = calloc((size_t)topic_count, sizeof(*resources));
  for (int i = 0; i < topic_count; i++) {
    resources[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topics);
    topics = next_field(topics);
  }
  rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(describe->handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, error, error_size);
  rd_kafka_DescribeConfigs(describe->handle, resources, (size_t)topic_count, options, describe->queue);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_ConfigResource_destroy_array(resources, (size_t)topic_count);
  free(resources);
  return describe;
}

// Whether the answer is there. The timeout of the request is an answer too.
EXPORTED int orderwire_describe_poll(struct orderwire_describe *describe) {
  if (describe->answer == NULL) describe->answer = rd_kafka_queue_poll(describe->queue, 0);
  return describe->answer != NULL;
}

// The error code of the request as a whole; 0 when the topics were asked, each of which may have an error of its own.
EXPORTED int orderwire_describe_error(const struct orderwire_describe *describe) {
  return rd_kafka_event_error(describe->answer);
}

struct writer {
  char *out;
  size_t size;
  size_t used;
};

static void write_field(struct writer *writer, const char *text) {
  size_t length = strlen(text) + 1;
  if (writer->used + length <= writer->size) memcpy(writer->out + writer->used, text, length);
  writer->used += length;
}

// Writes topic, name, value for every setting of every topic that could be read, and topic, "", reason for the others.
// Answers the bytes that it takes: when that is more than `size`, call again with as much.
EXPORTED size_t orderwire_describe_read(const struct orderwire_describe *describe, char *out, size_t size) {
  struct writer writer = {out, size, 0};
  const rd_kafka_DescribeConfigs_result_t *result = rd_kafka_event_DescribeConfigs_result(describe->answer);
  size_t topic_count = 0;
  const rd_kafka_ConfigResource_t **topics =
      result == NULL ? NULL : rd_kafka_DescribeConfigs_result_resources(result, &topic_count);
  for (size_t i = 0; i < topic_count; i++) {
    const char *topic = rd_kafka_ConfigResource_name(topics[i]);
    if (rd_kafka_ConfigResource_error(topics[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char *reason = rd_kafka_ConfigResource_error_string(topics[i]);
      write_field(&writer, topic);
      write_field(&writer, "");
      write_field(&writer, reason == NULL ? "not readable" : reason);
      continue;
    }
    size_t entry_count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(topics[i], &entry_count);
    for (size_t j = 0; j < entry_count; j++) {
      const char *value = rd_kafka_ConfigEntry_value(entries[j]);
      // Null is a secret; a topic has none that we ask for.
      if (value == NULL) continue;
      write_field(&writer, topic);
      write_field(&writer, rd_kafka_ConfigEntry_name(entries[j]));
      write_field(&writer, value);
    }
  }
  return writer.used;
}
