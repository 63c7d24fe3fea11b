"""Civil complaints: cases, their life, clocks, routing and audit."""
