// Clients are noted here as they are made, until somebody asks for theirs. Of one that nobody asks for, a few bytes stay.

#include "clients.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct unclaimed {
  rd_kafka_t *handle;
  // A copy: the client may be gone.
  char *name;
  struct unclaimed *next;
};

static struct unclaimed *unclaimed_clients;
static pthread_mutex_t unclaimed_lock = PTHREAD_MUTEX_INITIALIZER;

// librdkafka's C++ layer, which the package makes its clients with, is compiled to call this instead of rd_kafka_new.
rd_kafka_t *orderwire_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *error, size_t error_size) {
  rd_kafka_t *handle = rd_kafka_new(type, conf, error, error_size);
  if (handle == NULL) return handle;
  struct unclaimed *entry = malloc(sizeof(*entry));
  if (entry == NULL) return handle;
  entry->handle = handle;
  entry->name = strdup(rd_kafka_name(handle));
  pthread_mutex_lock(&unclaimed_lock);
  entry->next = unclaimed_clients;
  unclaimed_clients = entry;
  pthread_mutex_unlock(&unclaimed_lock);
  return handle;
}

// Names are never used twice in a process.
rd_kafka_t *orderwire_claim_client(const char *name) {
  rd_kafka_t *handle = NULL;
  pthread_mutex_lock(&unclaimed_lock);
  for (struct unclaimed **link = &unclaimed_clients; *link != NULL; link = &(*link)->next) {
    struct unclaimed *entry = *link;
    if (strcmp(entry->name, name) != 0) continue;
    handle = entry->handle;
    *link = entry->next;
    free(entry->name);
    free(entry);
    break;
  }
  pthread_mutex_unlock(&unclaimed_lock);
  return handle;
}
