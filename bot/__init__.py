"""The floor: messages, conversation, understanding and durability; it knows no provider and no country."""
