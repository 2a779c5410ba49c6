"""Writes records to one partition as one batch, and then breaks the batch where the broker keeps it: its payload begins
with zeros, which no codec reads. A disk or a memory that lies does the same. The broker runs on this machine.

The codec is the topic's: whatever a producer sends, the broker stores the product's topics in one that the client reads.

Reads {"brokers", "topic", "partition", "keys": [text], "values": [hex]} from stdin; writes the list of offsets to stdout.
"""

import json
import pathlib
import sys
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, ConfigResource

# Of a record batch: what comes before its records, and where in that the two bytes are whose last bits name the codec.
HEADER_BYTES = 61
ATTRIBUTES = 21
CODEC_BITS = 7
MAGIC_BYTES = 4


def write_batch(request):
    offsets = []

    def on_delivery(error, message):
        if error is not None:
            sys.exit(f"not written: {error}")
        offsets.append(message.offset())

    producer = Producer(
        {
            "bootstrap.servers": request["brokers"],
            "compression.type": "lz4",
            # Long enough for all of them to be in one batch. A flush would not wait for that.
            "linger.ms": 1000,
        }
    )
    for key, value in zip(request["keys"], request["values"]):
        producer.produce(
            request["topic"],
            key=key.encode(),
            value=bytes.fromhex(value),
            partition=request["partition"],
            on_delivery=on_delivery,
        )
    deadline = time.monotonic() + 20
    while len(offsets) < len(request["keys"]):
        if time.monotonic() > deadline:
            sys.exit("not written in time")
        producer.poll(0.1)
    return offsets


def log_folders(brokers):
    admin = AdminClient({"bootstrap.servers": brokers})
    for broker in admin.list_topics(timeout=20).brokers.values():
        resource = ConfigResource(ConfigResource.Type.BROKER, str(broker.id))
        configs = admin.describe_configs([resource])[resource].result()
        for name in ("log.dirs", "log.dir"):
            if name in configs and configs[name].value:
                yield from map(pathlib.Path, configs[name].value.split(","))


def break_batch(request, first_offset):
    partition = f"{request['topic']}-{request['partition']}"
    for folder in log_folders(request["brokers"]):
        for segment in sorted((folder / partition).glob("*.log")):
            with segment.open("r+b") as log:
                content = log.read()
                place = 0
                while place + HEADER_BYTES < len(content):
                    length = int.from_bytes(content[place + 8 : place + 12], "big")
                    if int.from_bytes(content[place : place + 8], "big") == first_offset:
                        payload = place + HEADER_BYTES
                        if content[place + ATTRIBUTES + 1] & CODEC_BITS == 0:
                            sys.exit("the batch is not compressed: it must be longer")
                        log.seek(payload)
                        log.write(bytes(MAGIC_BYTES))
                        return
                    if length == 0:
                        break
                    place += 12 + length
    sys.exit(f"the batch of offset {first_offset} was not found in the log of {partition}")


request = json.load(sys.stdin)
written = write_batch(request)
break_batch(request, written[0])
json.dump(written, sys.stdout)
