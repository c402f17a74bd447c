"""What tables may say: relations inside a context, texts for enums, and nothing about the platform's tables."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tools.checks.project import Finding, Module, Project

RELATIONSHIP = "sqlalchemy.orm.relationship"
FOREIGN_KEYS = {"sqlalchemy.ForeignKey", "sqlalchemy.ForeignKeyConstraint", "sqlalchemy.schema.ForeignKey"}
NATIVE_ENUMS = re.compile(r"sqlalchemy\.(.*\.)?(Enum|ENUM|SQLEnum)")
ENUM_BASES = {"enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"}
PLATFORM_BASE = "PlatformTable"
PLATFORM_SCHEMAS = ("platform.", "jobs.")
REFERENCES_PLATFORM = re.compile(r"\breferences\s+\"?(platform|jobs)\"?\s*\.", re.IGNORECASE)
WRAPPERS = {
    "Mapped",
    "WriteOnlyMapped",
    "DynamicMapped",
    "list",
    "set",
    "dict",
    "tuple",
    "Optional",
    "None",
    "str",
    "int",
}


def relationships(project: Project) -> Iterator[Finding]:
    """A relation stays within its context and is loaded only when a query says so."""
    own: defaultdict[str | None, set[str]] = defaultdict(set)
    for module in project.package:
        own[module.context].update(_classes(module))
    for module in project.package:
        for call, annotation in _relationship_calls(module):
            foreign = sorted(name for name in _targets(call, annotation) if name not in own[module.context])
            if foreign:
                advice = f"keep the id and ask the other context's public module: {foreign[0]} is not of this context"
                yield module.finding(call, "relationship-across-contexts", advice, subject=foreign[0])
            lazy = next((keyword.value for keyword in call.keywords if keyword.arg == "lazy"), None)
            if not (isinstance(lazy, ast.Constant) and lazy.value == "raise"):
                yield module.finding(
                    call, "relationship-lazy", 'say lazy="raise", and load in the query what is needed'
                )


def native_enums(project: Project) -> Iterator[Finding]:
    """PostgreSQL's enums break cached plans across schemas: a text with a check constraint does the same."""
    advice = "map a text with a check constraint instead of a native enum"
    enums = {name for module in project.package for name in _classes(module, ENUM_BASES)}
    for module in project.modules:
        for node in ast.walk(module.tree):
            name = module.dotted(node)
            if name and NATIVE_ENUMS.fullmatch(name):
                yield module.finding(node, "native-enum", advice, subject=name.rpartition(".")[2])
            elif isinstance(node, ast.AnnAssign) and module.in_package and _maps_enum(node, enums):
                yield module.finding(node, "native-enum", f"{advice}; Mapped[an Enum] makes one", subject="Mapped")


def foreign_keys_to_platform(project: Project) -> Iterator[Finding]:
    """A company's tables refer to nothing outside its schema, or they could not live on another node."""
    advice = "keep the id without a foreign key: a company's table must not refer to a table that all companies share"
    platform = {name for module in project.package for name in _classes(module, {PLATFORM_BASE})}
    for module in project.package:
        for table in (node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)):
            if table.name in platform:
                continue
            for call in (node for node in ast.walk(table) if isinstance(node, ast.Call)):
                if module.dotted(call.func) in FOREIGN_KEYS and _refers_to_platform(call, platform):
                    yield module.finding(call, "foreign-key-to-platform", advice, subject=table.name)
    for module in project.modules:
        if module.path.startswith("migrations/tenant/"):
            yield from (
                module.finding(node, "foreign-key-to-platform", advice) for node in _platform_references(module.tree)
            )


def _relationship_calls(module: Module) -> Iterator[tuple[ast.Call, ast.expr | None]]:
    annotated = {
        id(node.value): node.annotation
        for node in ast.walk(module.tree)
        if isinstance(node, ast.AnnAssign) and node.value
    }
    return ((call, annotated.get(id(call))) for call in module.calls() if module.dotted(call.func) == RELATIONSHIP)


def _targets(call: ast.Call, annotation: ast.expr | None) -> set[str]:
    """The class that a relation leads to: its first argument, else what stands within Mapped[…]."""
    target = call.args[0] if call.args else annotation
    return set(_names(target)) - WRAPPERS if target is not None else set()


def _names(node: ast.expr) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield from (word.rpartition(".")[2] for word in re.findall(r"[\w.]+", part.value))


def _classes(module: Module, bases: Iterable[str] = ()) -> Iterator[str]:
    """The classes defined here; only those with one of these bases, if any are given."""
    wanted = set(bases)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            names = {module.dotted(base) for base in node.bases}
            if not wanted or names & wanted or {name.rpartition(".")[2] for name in names} & wanted:
                yield node.name


def _maps_enum(node: ast.AnnAssign, enums: set[str]) -> bool:
    """Whether this is `status: Mapped[Status]` with an enum class and no column type of its own."""
    annotation, value = node.annotation, node.value
    if not (isinstance(annotation, ast.Subscript) and getattr(annotation.value, "id", "") == "Mapped"):
        return False
    typed = isinstance(value, ast.Call) and value.args and not isinstance(value.args[0], ast.Constant)
    return not typed and bool(set(_names(annotation.slice)) & enums)


def _refers_to_platform(call: ast.Call, platform: set[str]) -> bool:
    for node in (part for argument in call.args for part in ast.walk(argument)):
        if isinstance(node, ast.Constant) and str(node.value).startswith(PLATFORM_SCHEMAS):
            return True
        if isinstance(node, ast.Name) and node.id in platform:
            return True
    return False


def _platform_references(tree: ast.Module) -> Iterator[ast.AST]:
    """In a migration: REFERENCES platform.… in SQL, or Alembic's `referent_schema="platform"` and "platform.x.y"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and REFERENCES_PLATFORM.search(str(node.value)):
            yield node
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            schema = next((keyword.value for keyword in node.keywords if keyword.arg == "referent_schema"), None)
            if schema is not None or (name.startswith("ForeignKey") and _refers_to_platform(node, set())):
                yield node
