"""What the house is measured against, written plainly, as a good engineer who uses these tools would."""
