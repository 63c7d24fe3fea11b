"""Files that strangers send: what they really are, and how they are made safe to keep."""
