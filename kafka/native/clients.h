// librdkafka's own handles of the clients that the package makes: it keeps them to itself, and names each.
#ifndef ORDERWIRE_CLIENTS_H
#define ORDERWIRE_CLIENTS_H

#include "rdkafka.h"

#define EXPORTED __attribute__((visibility("default")))

// Once a client: null for a name that there is not, or that was claimed before. On any thread.
rd_kafka_t *orderwire_claim_client(const char *name);

#endif
