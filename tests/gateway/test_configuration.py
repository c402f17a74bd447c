"""The file of a gateway says what is wrong with it, and where."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from foodflow.gateway.configuration import BadConfiguration, key_of, load
from foodflow.settings import Settings

SERVER = '[foodflow]\naddress = "http://127.0.0.1:8000"\nkey_file = "gateway.key"\n'
BROKER = '[mqtt]\naddress = "mqtt://127.0.0.1"\n[[mqtt.topics]]\n'
BROKER += 'topic = "plant/{line}/{sensor}"\nsensor = "{line}.{sensor}"\n'


def write(folder: Path, text: str) -> Path:
    file = folder / "gateway.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_whole_file_is_read_and_its_paths_are_beside_it(tmp_path: Path) -> None:
    (tmp_path / "gateway.key").write_text("ff_a_b\n")
    found = load(write(tmp_path, SERVER + BROKER))
    assert found.mqtt is not None
    assert (found.mqtt.port, found.mqtt.topics[0].filter) == (1883, "plant/+/+")
    assert found.spool.folder == tmp_path / "spool"
    assert key_of(found, Settings()) == "ff_a_b"


def test_the_key_may_come_from_the_environment(tmp_path: Path) -> None:
    found = load(write(tmp_path, SERVER.replace('key_file = "gateway.key"\n', "")))
    assert key_of(found, Settings(api_key=SecretStr("ff_c_d"))) == "ff_c_d"
    with pytest.raises(BadConfiguration, match="FOODFLOW_API_KEY"):
        key_of(found, Settings())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[foodflow", "no TOML"),
        ("", "foodflow: Field required"),
        ('[foodflow]\naddress = "ftp://x"\n', "foodflow.address: not an http"),
        (SERVER + "[mqtt]\n", "mqtt.address: Field required; mqtt.topics: Field required"),
        (SERVER + BROKER.replace("{line}.{sensor}", "{hall}"), "uses {hall}, which the topic does not have"),
        (SERVER + BROKER.replace("plant/", "plant/#/"), "is no topic filter"),
        (SERVER + BROKER.replace("plant/", "a+b/"), "is no topic filter"),
        (SERVER + BROKER.replace("mqtt://127.0.0.1", "http://127.0.0.1"), "not an mqtt"),
        (SERVER + BROKER + "qos = 3\n", "mqtt.topics.0.qos: Extra inputs are not permitted"),
        (SERVER + '[opcua]\naddress = "opc.tcp://plc"\nnodes = []\n', "opcua.nodes"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        load(write(tmp_path, text))
    assert says in str(refused.value)


def test_a_key_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"gateway\.key holds no secret"):
        key_of(load(write(tmp_path, SERVER)), Settings())
