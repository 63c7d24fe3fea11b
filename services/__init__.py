"""Public services: what they require, cost and take, and where."""
