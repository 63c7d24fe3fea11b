"""Text as phones and people take it: alphabets, parts, letters, choices; pure functions."""
