"""Sparkplug B: births name the metrics, data follow them without a gap, and after a death nothing is known."""

import struct

import pytest

from foodflow.gateway import sparkplug_payload
from foodflow.gateway.measurements import BAD, BAD_NO_COMMUNICATION, UNCERTAIN_LAST_USABLE
from foodflow.gateway.sparkplug import Address, Heard, Nodes, Sample, rebirth_command
from tests.gateway.make import BOOLEAN, DOUBLE, INT32, TEXT, birth, payload

AT = 1_767_225_600_000
MICROS = AT * 1000
NODE, DEVICE = Address("Akron", "line1"), Address("Akron", "line1", "oven")
TEMPERATURE = {"name": "temperature", "alias": 7, "datatype": DOUBLE}


def topic(kind: str, address: Address) -> str:
    return "/".join(filter(None, ("spBv1.0", address.group, kind, address.node, address.device)))


def heard(nodes: Nodes, kind: str, address: Address, message: bytes) -> Heard:
    found = nodes.hear(topic(kind, address), message, now=MICROS + 9)
    assert found is not None
    return found


@pytest.fixture
def nodes() -> Nodes:
    """A node with a device, both born."""
    made = Nodes()
    heard(made, "NBIRTH", NODE, birth({"name": "uptime", "alias": 1, "datatype": DOUBLE, "double_value": 1.0}))
    heard(made, "DBIRTH", DEVICE, payload({**TEMPERATURE, "double_value": 180.0}, seq=1))
    return made


def test_the_values_of_a_birth_are_samples_and_its_controls_are_not() -> None:
    controls = {"name": "Node Control/Rebirth", "datatype": BOOLEAN, "boolean_value": False}
    text = {"name": "name", "datatype": TEXT, "string_value": "oven"}
    found = heard(Nodes(), "NBIRTH", NODE, birth({**TEMPERATURE, "double_value": 180.5}, controls, text))
    assert found == Heard([Sample(NODE, "temperature", MICROS, 180.5, 0)])


def test_data_by_alias_carry_their_own_time(nodes: Nodes) -> None:
    found = heard(nodes, "DDATA", DEVICE, payload({"alias": 7, "timestamp": AT - 5, "double_value": 182.0}, seq=2))
    assert found == Heard([Sample(DEVICE, "temperature", MICROS - 5000, 182.0, 0)])


@pytest.mark.parametrize(
    ("datatype", "field", "sent", "means"),
    [
        (1, "int_value", 0xFF, -1.0),
        (2, "int_value", 0x8000, -32768.0),
        (3, "int_value", 0xFFFFFFFE, -2.0),
        (4, "long_value", 2**64 - 3, -3.0),
        (5, "int_value", 255, 255.0),
        (7, "int_value", 2**32 - 1, 4294967295.0),
        (8, "long_value", 2**63, 9223372036854775808.0),
        (9, "float_value", 0.5, 0.5),
        (11, "boolean_value", True, 1.0),
    ],
)
def test_every_datatype_of_numbers_is_read(datatype: int, field: str, sent: object, means: float) -> None:
    found = heard(Nodes(), "NBIRTH", NODE, birth({"name": "x", "datatype": datatype, field: sent}))
    assert [sample.value for sample in found.samples] == [means]


def test_quality_and_null_become_status_codes(nodes: Nodes) -> None:
    stale = {"alias": 7, "double_value": 1.0, "quality": 500}
    bad = {"alias": 7, "double_value": 2.0, "quality": 0}
    null = {"alias": 7, "is_null": True}
    found = heard(nodes, "DDATA", DEVICE, payload(stale, bad, null, seq=2))
    assert [(s.value, s.status) for s in found.samples] == [(1.0, UNCERTAIN_LAST_USABLE), (2.0, BAD), (None, BAD)]


def test_a_missing_message_asks_for_a_rebirth_and_nothing_is_believed_until_then(nodes: Nodes) -> None:
    data = {"alias": 7, "double_value": 1.0}
    assert heard(nodes, "DDATA", DEVICE, payload(data, seq=3)) == Heard(rebirth=DEVICE)
    assert heard(nodes, "DDATA", DEVICE, payload(data, seq=4)) == Heard(rebirth=DEVICE)
    heard(nodes, "NBIRTH", NODE, birth())
    heard(nodes, "DBIRTH", DEVICE, payload({**TEMPERATURE, "double_value": 180.0}, seq=1))
    assert len(heard(nodes, "DDATA", DEVICE, payload(data, seq=2)).samples) == 1


def test_sequences_go_round_from_255_to_0(nodes: Nodes) -> None:
    for number in range(2, 600):
        found = heard(nodes, "DDATA", DEVICE, payload({"alias": 7, "double_value": 1.0}, seq=number % 256))
        assert found.rebirth is None


def test_a_node_that_nobody_saw_born_is_asked_to_be() -> None:
    assert heard(Nodes(), "NDATA", NODE, payload(seq=9)) == Heard(rebirth=NODE)


def test_an_alias_that_no_birth_named_asks_for_one(nodes: Nodes) -> None:
    assert heard(nodes, "DDATA", DEVICE, payload({"alias": 99, "double_value": 1.0}, seq=2)) == Heard(rebirth=DEVICE)


def test_after_a_device_s_death_its_metrics_are_bad(nodes: Nodes) -> None:
    found = heard(nodes, "DDEATH", DEVICE, payload(seq=2))
    assert found.samples == [Sample(DEVICE, "temperature", MICROS + 9, None, BAD_NO_COMMUNICATION)]


def test_after_a_node_s_death_all_its_metrics_are_bad_and_an_old_death_means_nothing(nodes: Nodes) -> None:
    old = payload({"name": "bdSeq", "datatype": 4, "long_value": 41})
    assert heard(nodes, "NDEATH", NODE, old) == Heard()
    new = payload({"name": "bdSeq", "datatype": 4, "long_value": 0})
    dead = heard(nodes, "NDEATH", NODE, new).samples
    assert {(s.address, s.metric, s.value, s.status) for s in dead} == {
        (NODE, "uptime", None, BAD_NO_COMMUNICATION),
        (DEVICE, "temperature", None, BAD_NO_COMMUNICATION),
    }


def test_other_topics_and_other_bytes_are_told_apart() -> None:
    assert Nodes().hear("spBv1.0/STATE/host", b"{}", now=0) is None
    assert Nodes().hear("plant/a/b/c", b"", now=0) is None
    assert heard(Nodes(), "NBIRTH", NODE, b"\xff\xff\xff").fault


def test_the_command_is_what_the_standard_s_field_numbers_say() -> None:
    """Written out by hand: metrics (2), name (1), datatype (4) and boolean_value (14)."""
    metric = b"\x0a\x14Node Control/Rebirth" + b"\x20\x0b" + b"\x70\x01"
    assert rebirth_command() == b"\x12" + bytes([len(metric)]) + metric


def test_a_payload_written_by_hand_is_read() -> None:
    metric = b"\x0a\x01x\x18\x05\x20\x0a\x69" + struct.pack("<d", 2.5)
    message = sparkplug_payload.decode(b"\x08\x07\x12" + bytes([len(metric)]) + metric + b"\x18\x04")
    assert message is not None
    assert (message.timestamp, message.seq, message.metrics[0].name, message.metrics[0].timestamp) == (7, 4, "x", 5)
    assert sparkplug_payload.number_of(message.metrics[0], DOUBLE) == 2.5
    assert INT32 == 3
