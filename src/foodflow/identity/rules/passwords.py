"""Which passwords are taken."""

from foodflow.kernel.errors import FieldError, Invalid

MIN_PASSWORD, MAX_PASSWORD = 8, 256


def require_acceptable_password(password: str) -> None:
    """Length is what counts (NIST SP 800-63B, section 5.1.1.2: no rules of composition)."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        message = f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters"
        raise Invalid.because(FieldError("password", message, "identity.password_length"))
