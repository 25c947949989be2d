"""The outside world over real HTTP: GetMiPay, Telegram and the chat page. It imports nothing of the app."""
