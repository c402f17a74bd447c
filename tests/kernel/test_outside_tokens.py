"""Keys of outside issuers that are not used, whatever they could verify."""

import jwt
import pytest

from foodflow.kernel.outside_tokens import _usable_key


@pytest.mark.parametrize(("bits", "used"), [(4096, True), (8192, True), (8200, False), (60_000, False)])
def test_a_key_that_takes_long_to_verify_with_is_not_used(bits: int, *, used: bool) -> None:
    modulus = jwt.utils.to_base64url_uint(2 ** (bits - 1) + 1).decode()
    described = {"kty": "RSA", "n": modulus, "e": "AQAB", "kid": "long"}
    assert (_usable_key(described) is not None) is used
