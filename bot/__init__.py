"""The conversation engine and the channels it speaks through. It knows no flow: `app.py` hands them to it."""
