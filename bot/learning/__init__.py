"""What understanding learns from: messages that were not understood, what staff say of them, and the models made of that."""
