"""Wire types that the contract's shapes share."""

import json
from typing import Annotated, Any

from pydantic import ConfigDict, Field, field_validator

from foodflow.kernel.wire import In
from foodflow.live.rules.participants import MAX_NICKNAME

LEAST, MOST = -(2**31), 2**31 - 1
SessionTitle = Annotated[str, Field(min_length=1, max_length=255)]
Description = Annotated[str, Field(max_length=100_000)]
Nickname = Annotated[str, Field(min_length=1, max_length=MAX_NICKNAME)]
Integer = Annotated[int, Field(ge=LEAST, le=MOST)]
Offset = Annotated[int, Field(ge=0)]
Limit = Annotated[int, Field(ge=1, le=1000)]


class ContractIn(In):
    """A body of the contract: what is not known is ignored, and texts are taken as they come."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=False)

    @field_validator("*", mode="before")
    @classmethod
    def _sayable(cls, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Half of a surrogate pair can be written in JSON, but is no letter, and PostgreSQL stores none."""
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError):
            message = "must hold whole letters, and not be nested too deeply"
            raise ValueError(message) from None
        return value
