// librdkafka's mock cluster behind a small C interface that JavaScript can call (bun:ffi): a broker that speaks the real
// Kafka protocol on 127.0.0.1 and keeps everything in memory. It lives in the add-on because librdkafka does; the names
// are exported, librdkafka's own stay private.
//
// Every call hands the work to the cluster's own thread and waits for it: microseconds, at worst the second that this
// thread sleeps at most. Not for use from two threads.
// Functions that answer int answer a Kafka or librdkafka error code, 0 for success.

// As librdkafka's own sources define it, for the headers below.
#define _GNU_SOURCE

#include <stdlib.h>

// librdkafka's internal headers, from the same sources that are linked in: the size limits of a partition have no
// public setter. A change of their layout is a compile error here, not a surprise at run time.
#include "rd.h"
#include "rdkafka_int.h"
#include "rdkafka_mock_int.h"

#define EXPORTED __attribute__((visibility("default")))

struct orderwire_mock {
  rd_kafka_t *handle;
  rd_kafka_mock_cluster_t *cluster;
};

// The cluster's handle would write to stderr, in a format of its own, what the clients of the cluster report anyway.
static void drop_log(const rd_kafka_t *handle, int level, const char *facility, const char *text) {
  (void)handle;
  (void)level;
  (void)facility;
  (void)text;
}

// Returns null when no cluster could be made, with the reason in `error`. first_join_delay_ms is
// group.initial.rebalance.delay.ms: how long an empty group waits for more members.
EXPORTED struct orderwire_mock *orderwire_mock_open(int brokers, int first_join_delay_ms, char *error,
                                                    size_t error_size) {
  struct orderwire_mock *mock = calloc(1, sizeof(*mock));
  if (mock == NULL) return NULL;
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, drop_log);
  rd_kafka_conf_set(conf, "client.id", "embedded-cluster", NULL, 0);
  mock->handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, error_size);
  if (mock->handle == NULL) {
    rd_kafka_conf_destroy(conf);
    free(mock);
    return NULL;
  }
  mock->cluster = rd_kafka_mock_cluster_new(mock->handle, brokers);
  if (mock->cluster == NULL) {
    rd_snprintf(error, error_size, "no listener on 127.0.0.1");
    rd_kafka_destroy(mock->handle);
    free(mock);
    return NULL;
  }
  rd_kafka_mock_group_initial_rebalance_delay_ms(mock->cluster, first_join_delay_ms);
  return mock;
}

EXPORTED const char *orderwire_mock_bootstraps(const struct orderwire_mock *mock) {
  return rd_kafka_mock_cluster_bootstraps(mock->cluster);
}

EXPORTED const char *orderwire_mock_error_text(int code) { return rd_kafka_err2str((rd_kafka_resp_err_t)code); }

// A partition drops its oldest batches when it holds more than max_bytes or max_batches.
EXPORTED int orderwire_mock_create_topic(struct orderwire_mock *mock, const char *name, int partitions,
                                         double max_bytes, double max_batches) {
  rd_kafka_resp_err_t error = rd_kafka_mock_topic_create(mock->cluster, name, partitions, 1);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  mtx_lock(&mock->cluster->lock);
  rd_kafka_mock_topic_t *topic = rd_kafka_mock_topic_find(mock->cluster, name);
  for (int i = 0; topic != NULL && i < topic->partition_cnt; i++) {
    topic->partitions[i].max_size = (size_t)max_bytes;
    topic->partitions[i].max_cnt = (size_t)max_batches;
  }
  mtx_unlock(&mock->cluster->lock);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// Broker -1 means every broker, here and below.
EXPORTED int orderwire_mock_broker_down(struct orderwire_mock *mock, int broker) {
  return rd_kafka_mock_broker_set_down(mock->cluster, broker);
}

EXPORTED int orderwire_mock_broker_up(struct orderwire_mock *mock, int broker) {
  return rd_kafka_mock_broker_set_up(mock->cluster, broker);
}

EXPORTED int orderwire_mock_set_rtt(struct orderwire_mock *mock, int broker, int rtt_ms) {
  return rd_kafka_mock_broker_set_rtt(mock->cluster, broker, rtt_ms);
}

// The next `count` requests of this kind fail, one error each, in order.
EXPORTED void orderwire_mock_push_errors(struct orderwire_mock *mock, int api_key, const int *codes, int count) {
  for (int i = 0; i < count; i++) {
    rd_kafka_resp_err_t code = (rd_kafka_resp_err_t)codes[i];
    rd_kafka_mock_push_request_errors_array(mock->cluster, (int16_t)api_key, 1, &code);
  }
}

EXPORTED void orderwire_mock_clear_errors(struct orderwire_mock *mock, int api_key) {
  rd_kafka_mock_clear_request_errors(mock->cluster, (int16_t)api_key);
}

// kind is "group" or "transaction".
EXPORTED int orderwire_mock_set_coordinator(struct orderwire_mock *mock, const char *kind, const char *key, int broker) {
  return rd_kafka_mock_coordinator_set(mock->cluster, kind, key, broker);
}

// Cuts every connection. Clients that are still there see a broker that went away.
EXPORTED void orderwire_mock_close(struct orderwire_mock *mock) {
  rd_kafka_mock_cluster_destroy(mock->cluster);
  rd_kafka_destroy(mock->handle);
  free(mock);
}
