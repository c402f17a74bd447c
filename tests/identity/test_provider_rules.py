"""Where a sign-in may lead."""

import pytest

from foodflow.identity.rules.providers import local_path


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/", "/"),
        ("/?line=1&view=day#now", "/?line=1&view=day#now"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("https:evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("\t//evil.example", "/"),
        (" //evil.example", "/"),
        ("evil.example", "/"),
        ("@evil.example", "/"),
        ("", "/"),
        ("/" + "a" * 2000, "/"),
        ("/\u2215evil.example", "/"),
    ],
)
def test_a_sign_in_leads_to_a_path_of_ours_alone(wanted: str, led_to: str) -> None:
    assert local_path(wanted) == led_to
