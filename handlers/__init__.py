"""What a person can do: one file for each, read like a dialogue."""
