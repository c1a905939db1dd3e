"""What a training process is in every driver; a driver adds how its library computes a step."""
