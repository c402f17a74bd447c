"""Names that say what is inside: a module called after nothing in particular collects everything."""

from collections.abc import Iterator

from tools.checks.project import Finding, Project

SAY_NOTHING = {"common", "helper", "helpers", "manager", "managers", "misc", "services", "util", "utils"}


def modules(project: Project) -> Iterator[Finding]:
    """No module or package of these names, anywhere; each is told once."""
    seen = set()
    for module in project.modules:
        parts = module.path.removesuffix(".py").split("/")
        for depth, name in enumerate(parts, start=1):
            place = "/".join(parts[:depth])
            if name in SAY_NOTHING and place not in seen:
                seen.add(place)
                advice = f"name it after what it does: “{name}” takes in everything"
                yield Finding(module.path, 1, "name-says-nothing", advice, subject=name)
