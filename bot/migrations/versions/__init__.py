"""One file a step, `NNNN_what.py`, whose revision is its number; written once and never changed."""
