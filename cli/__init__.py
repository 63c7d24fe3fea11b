"""The patou command."""
