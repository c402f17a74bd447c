"""Webhooks: a company's events, signed and sent to addresses that it names, again and again until they are taken."""
