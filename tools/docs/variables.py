"""The page of settings: each variable, its default and what it means."""

from foodflow.settings import Settings, variable_of
from tools.docs.markdown import code, page, table

_INTRO = """
FoodFlow is told everything through its environment, and reads it in one place. An empty variable counts as not set; a
wrong value ends the start with one line that names it, and exit code 2. How they are used stands in
[operations.md](../operations.md).
"""


def make() -> str:
    """The page."""
    rows = (
        (code(variable_of(name)), _default(name), _meaning(name))
        for name in sorted(Settings.model_fields, key=variable_of)
    )
    return page("Settings", _INTRO, table(("variable", "default", "meaning"), rows))


def _default(name: str) -> str:
    default = Settings.model_fields[name].default
    return "not set" if default is None else code(str(default))


def _meaning(name: str) -> str:
    field = Settings.model_fields[name]
    extra = field.json_schema_extra
    expected = extra.get("expected") if isinstance(extra, dict) else None
    return f"{field.description} Expected: {expected}." if expected else f"{field.description}"
