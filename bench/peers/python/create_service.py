"""System B's create as a careful Python engineer writes it: FastAPI on uvloop and httptools, confluent-kafka.

A 201 means that every in-sync replica has the event: each request waits for its own delivery report. One producer a worker;
one thread polls it and hands all reports of a poll to the event loop at once, instead of waking it for each. The schema id
is asked for once, the event is written by fastavro's compiled writer, the answer by orjson. Nothing is logged a request.
"""

import asyncio
import io
import json
import os
import random
import struct
import threading
import urllib.request
import uuid
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import fastavro
import orjson
from confluent_kafka import KafkaException, Producer
from fastapi import FastAPI
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, StringConstraints

TOPIC = os.environ["KAFKA_ORDER_TOPIC"]
SCHEMA_TEXT = (Path(__file__).parents[3] / "schemas" / "order_event.avsc").read_text()
SCHEMA = fastavro.parse_schema(json.loads(SCHEMA_TEXT))
CREATE_PAYLOAD = "com.ecommerce.order.CreateOrderPayload"
CATALOG = [(f"ITEM-{number:03}", round(4.25 + number * 1.37, 2)) for number in range(1, 41)]


class CreateOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    orderId: Annotated[StrictStr, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
    itemsCount: Annotated[StrictInt, Field(ge=1, le=1000)]


class Publisher:
    """Delivery reports as futures of the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._producer = Producer(
            {
                "bootstrap.servers": os.environ["KAFKA_BROKERS"],
                "acks": "all",
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 0,
                "compression.type": "lz4",
                "delivery.timeout.ms": 5000,
                "socket.nagle.disable": True,
            }
        )
        self._reported: list[tuple[asyncio.Future, object]] = []
        self._running = True
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._thread.start()

    def _poll(self) -> None:
        while self._running:
            self._producer.poll(0.1)
            if self._reported:
                reported, self._reported = self._reported, []
                self._loop.call_soon_threadsafe(self._settle, reported)

    @staticmethod
    def _settle(reported: list[tuple[asyncio.Future, object]]) -> None:
        for future, error in reported:
            if not future.done():
                if error is None:
                    future.set_result(None)
                else:
                    future.set_exception(KafkaException(error))

    def publish(self, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> asyncio.Future:
        future = self._loop.create_future()
        # Called by the polling thread alone.
        self._producer.produce(
            TOPIC,
            value,
            key,
            headers=headers,
            on_delivery=lambda error, _message: self._reported.append((future, error)),
        )
        return future

    def close(self) -> None:
        self._producer.flush(5)
        self._running = False
        self._thread.join()


def schema_id() -> int:
    """Registered once a process; the registry answers the same id for the same schema."""
    subject = f"{TOPIC}-com.ecommerce.order.OrderEvent"
    request = urllib.request.Request(
        f"{os.environ['SCHEMA_REGISTRY_URL']}/subjects/{subject}/versions?normalize=true",
        data=json.dumps({"schema": json.dumps(json.loads(SCHEMA_TEXT))}).encode(),
        headers={"content-type": "application/vnd.schemaregistry.v1+json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["id"]


class State:
    publisher: Publisher
    frame: bytes


state = State()


@asynccontextmanager
async def lifespan(_app: FastAPI):
    state.frame = struct.pack(">bI", 0, schema_id())
    state.publisher = Publisher(asyncio.get_running_loop())
    yield
    state.publisher.close()


app = FastAPI(lifespan=lifespan, openapi_url=None)


def generate(order_id: str, items_count: int) -> dict:
    first = random.randrange(len(CATALOG))
    items = []
    total_cents = 0
    for line in range(items_count):
        item_id, price = CATALOG[(first + line * 7) % len(CATALOG)]
        quantity = random.randint(1, 5)
        items.append({"itemId": item_id, "quantity": quantity, "price": price})
        total_cents += round(price * 100) * quantity
    return {
        "orderId": order_id,
        "customerId": f"CUST-{random.randrange(1, 100_000):05}",
        "orderDate": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "items": items,
        "totalAmount": total_cents / 100,
        "currency": "USD",
        "status": "new",
    }


@app.get("/health/ready")
async def ready() -> dict:
    return {"status": "ready"}


@app.post("/create-order")
async def create_order(command: CreateOrder) -> Response:
    order = generate(command.orderId, command.itemsCount)
    payload = {name: value for name, value in order.items() if name != "orderId"}
    event = {
        "eventType": "CREATE",
        "orderId": order["orderId"],
        "timestamp": order["orderDate"],
        "payload": (CREATE_PAYLOAD, payload),
    }
    body = io.BytesIO()
    body.write(state.frame)
    fastavro.schemaless_writer(body, SCHEMA, event)
    headers = [("event-id", str(uuid.uuid4()).encode())]
    try:
        await state.publisher.publish(order["orderId"].encode(), body.getvalue(), headers)
    except (KafkaException, BufferError):
        detail = {"detail": "The broker did not acknowledge the event"}
        return Response(orjson.dumps(detail), 503, {"Retry-After": "1"}, "application/json")
    answer = {"message": "Order creation event published successfully", "order": order}
    return Response(orjson.dumps(answer), 201, media_type="application/json")
