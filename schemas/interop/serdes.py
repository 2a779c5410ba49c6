"""The other side of the interop test: Confluent's Python serdes, driven by JSON.

Reads a list of requests from stdin, writes the list of answers to stdout; argv[1] is the registry's address.
  {"op": "serialize", "topic", "schema": <file beside this folder>, "value", "register": bool} -> {"hex"}
  {"op": "deserialize", "topic", "hex"}                                                     -> {"value"}
  {"op": "body", "schema", "value"}                 -> {"hex"}, Avro without a frame and without a registry
Bytes travel as {"$hex": "..."}. With "register" false the schema has to be there already.
"""

import io
import json
import pathlib
import sys

import fastavro
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

SCHEMAS = pathlib.Path(__file__).resolve().parent.parent


def from_json(value):
    if isinstance(value, dict):
        if set(value) == {"$hex"}:
            return bytes.fromhex(value["$hex"])
        return {name: from_json(content) for name, content in value.items()}
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return value


def to_json(value):
    if isinstance(value, bytes):
        return {"$hex": value.hex()}
    if isinstance(value, dict):
        return {name: to_json(content) for name, content in value.items()}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return value


def schema_text(request):
    schema = request["schema"]
    return (SCHEMAS / schema).read_text() if isinstance(schema, str) else json.dumps(schema)


def serialize(client, request):
    serializer = AvroSerializer(
        client,
        schema_text(request),
        conf={
            "auto.register.schemas": request["register"],
            "normalize.schemas": True,
            "subject.name.strategy": topic_record_subject_name_strategy,
        },
    )
    context = SerializationContext(request["topic"], MessageField.VALUE)
    return {"hex": serializer(from_json(request["value"]), context).hex()}


def deserialize(client, request):
    deserializer = AvroDeserializer(
        client, conf={"subject.name.strategy": topic_record_subject_name_strategy}
    )
    context = SerializationContext(request["topic"], MessageField.VALUE)
    return {"value": to_json(deserializer(bytes.fromhex(request["hex"]), context))}


def body(_client, request):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(schema_text(request))), from_json(request["value"]))
    return {"hex": out.getvalue().hex()}


OPERATIONS = {"serialize": serialize, "deserialize": deserialize, "body": body}


def main():
    client = SchemaRegistryClient({"url": sys.argv[1]})
    requests = json.load(sys.stdin)
    json.dump([OPERATIONS[request["op"]](client, request) for request in requests], sys.stdout)


main()
