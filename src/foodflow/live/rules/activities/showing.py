"""What of an activity's configuration is shown to whoever takes part."""

from collections.abc import Mapping

from pydantic import JsonValue

from foodflow.live.rules.activities.kind import Json, Step
from foodflow.live.rules.activities.registry import KINDS


def public_configuration(type: str, configuration: Mapping[str, JsonValue], step: Step) -> Json:  # noqa: A002
    """A stored configuration without solutions that are not revealed. Of a kind that there is, nothing is shown that it
    cannot read; other types are their clients' own, who find all that they have put there.
    """
    kind = KINDS.get(type)
    if kind is None:
        return dict(configuration)
    read = kind.read(configuration)
    return {} if read is None else kind.public(read, step)
