"""System B's consumer as a careful Python engineer writes it: confluent-kafka, fastavro, orders in memory in a dict.

The same rules as order's: a create of an order that exists and an update of one that does not change nothing and are counted
as what they are; the order keeps its shipping cost. Commits are by hand, after the work, in one of three modes:

    async  one asynchronous commit a message, as system B documents its service
    sync   one synchronous commit a message
    batch  one commit a batch of consume(), asynchronous: the broker is not waited for

Nothing is logged a message. The clock has two ends: the last event, and the moment when the broker has answered every commit,
which is all that a restart would go on from. The result is one line of JSON: the meter's figures, and what the orders are.
"""

import io
import json
import os
import resource
import struct
import sys
import time
import urllib.request
import zlib
from pathlib import Path

import fastavro
from confluent_kafka import Consumer, KafkaError, KafkaException, Message

TOPIC = os.environ["KAFKA_ORDER_TOPIC"]
SCHEMA_TEXT = (Path(__file__).parents[3] / "schemas" / "order_event.avsc").read_text()
SCHEMA = fastavro.parse_schema(json.loads(SCHEMA_TEXT))
BATCH_SIZE = 1000


class UnreadableEvent(Exception):
    """The bytes are no event of this topic."""


class Orders:
    """All orders by id, and what became of each event."""

    def __init__(self) -> None:
        self.by_id: dict[str, dict] = {}
        self.updates = 0
        self.duplicates = 0
        self.unknown = 0

    def apply(self, event: dict) -> None:
        order_id = event["orderId"]
        payload = event["payload"]
        order = self.by_id.get(order_id)
        if event["eventType"] == "CREATE":
            if order is not None:
                self.duplicates += 1
                return
            payload["orderId"] = order_id
            payload["shippingCost"] = round(payload["totalAmount"] * 0.02, 2)
            payload["version"] = 1
            self.by_id[order_id] = payload
        elif order is None:
            self.unknown += 1
        else:
            order["status"] = payload["status"]
            order["version"] += 1
            self.updates += 1

    def checksum(self) -> int:
        """The same for the same orders in any sequence."""
        total = 0
        for order_id, order in self.by_id.items():
            cents = round(order["totalAmount"] * 100)
            total += zlib.crc32(f"{order_id} {order['status']} {cents} {order['version']}".encode())
        return total


class Meter:
    """From the first record to the last, as meter.ts has it."""

    def __init__(self, events: int) -> None:
        self._events = events
        self._tenth = max(1, events // 10)
        self.count = 0
        self.commits_answered = 0
        self._rss = [rss_mb()]
        self._started = 0.0
        self._cpu_at_start = 0.0

    def start(self) -> None:
        if self._started == 0.0:
            self._started = time.perf_counter()
            self._cpu_at_start = cpu_seconds()

    def add(self) -> bool:
        """Whether that was the last one."""
        self.count += 1
        if self.count % self._tenth == 0 and len(self._rss) <= 10:
            self._rss.append(rss_mb())
        return self.count >= self._events

    def commit_answered(self, error: KafkaError | None, _partitions: list) -> None:
        # An earlier commit that was still on its way has taken these offsets along: nothing is left to commit.
        if error is not None and error.code() != KafkaError._NO_OFFSET:
            raise KafkaException(error)
        self.commits_answered += 1

    def figures(self) -> dict:
        seconds = time.perf_counter() - self._started
        return {
            "events": self.count,
            "eventsPerSecond": self.count / seconds,
            "cpuMicrosPerEvent": (cpu_seconds() - self._cpu_at_start) * 1e6 / self.count,
            "rssMb": self._rss,
        }

    def committed_per_second(self) -> float:
        return self.count / (time.perf_counter() - self._started)


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def rss_mb() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return round(int(statm.read().split()[1]) * resource.getpagesize() / 2**20)


def schema_id() -> int:
    """Of the writer's schema; there is one version of it, and no other is on the topic."""
    subject = f"{TOPIC}-com.ecommerce.order.OrderEvent"
    with urllib.request.urlopen(f"{os.environ['SCHEMA_REGISTRY_URL']}/subjects/{subject}/versions/latest") as answer:
        return json.load(answer)["id"]


FRAME = struct.pack(">bI", 0, schema_id())


def decode(message: Message) -> dict:
    value = message.value()
    if value is None or value[:5] != FRAME:
        raise UnreadableEvent(f"{message.topic()}/{message.partition()}/{message.offset()}")
    body = io.BytesIO(value)
    body.seek(5)
    return fastavro.schemaless_reader(body, SCHEMA)


def require_message(message: Message) -> bool:
    """False where there is none; an error of the client ends the run, unless it only says that it will go on."""
    error = message.error()
    if error is None:
        return True
    if error.code() == KafkaError._PARTITION_EOF or error.retriable():
        return False
    raise KafkaException(error)


# Both ways answer the figures at the last event, and how many commits the callback tells of in all.


def consume_each(consumer: Consumer, orders: Orders, meter: Meter, asynchronous: bool) -> tuple[dict, int]:
    while True:
        message = consumer.poll(1.0)
        if message is None or not require_message(message):
            continue
        meter.start()
        orders.apply(decode(message))
        consumer.commit(message=message, asynchronous=asynchronous)
        if meter.add():
            # Only an asynchronous commit's answer comes by the callback.
            return meter.figures(), meter.count if asynchronous else 0


def consume_batches(consumer: Consumer, orders: Orders, meter: Meter) -> tuple[dict, int]:
    apply = orders.apply
    commits = 0
    while True:
        messages = consumer.consume(num_messages=BATCH_SIZE, timeout=0.1)
        if not messages:
            continue
        meter.start()
        ended = False
        for message in messages:
            if require_message(message):
                apply(decode(message))
                ended = meter.add()
        # What consume() has returned is stored as the position: one commit for all partitions.
        consumer.commit(asynchronous=True)
        commits += 1
        if ended:
            return meter.figures(), commits


def main() -> None:
    mode, events = sys.argv[1], int(sys.argv[2])
    meter = Meter(events)
    consumer = Consumer(
        {
            "bootstrap.servers": os.environ["KAFKA_BROKERS"],
            "group.id": os.environ["KAFKA_GROUP_ID"],
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "on_commit": meter.commit_answered,
            # As the other consumers here have it: with the default the client would fetch a full queue once a second.
            "fetch.queue.backoff.ms": 20,
        }
    )
    consumer.subscribe([TOPIC])
    orders = Orders()
    if mode == "batch":
        figures, commits = consume_batches(consumer, orders, meter)
    else:
        figures, commits = consume_each(consumer, orders, meter, asynchronous=mode == "async")
    while meter.commits_answered < commits:
        consumer.poll(0.01)
    figures["committedPerSecond"] = meter.committed_per_second()
    end = {
        "orders": len(orders.by_id),
        "updates": orders.updates,
        "duplicates": orders.duplicates,
        "unknown": orders.unknown,
        "checksum": orders.checksum(),
    }
    consumer.close()
    print(json.dumps({"measurement": figures, "end": end}))


main()
