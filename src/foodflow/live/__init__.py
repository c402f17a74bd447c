"""Live sessions: people take part from their phones in what somebody leads, and all see the same at the same time."""
