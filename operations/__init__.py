"""What an operator does: serve, try the demo, check the settings, audit the books, send a webhook by hand."""
