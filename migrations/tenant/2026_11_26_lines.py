"""Lines and their time."""

revision = "2026_11_26_lines"
down_revision = "2026_11_20_answers"


def upgrade() -> None:
    pass
