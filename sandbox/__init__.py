"""The outside world over real HTTP: GetMiPay, Telegram, WhatsApp and the chat page. It imports nothing of the app."""
