"""What models are made of: data, training, layers and heads; nothing here knows a store."""
