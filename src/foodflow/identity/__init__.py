"""Who people are, which companies they belong to, and what they may do there."""
