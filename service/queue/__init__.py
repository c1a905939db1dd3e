"""The queue: messages that say "there may be work", never the work itself. The row of a job is the truth."""

from service.queue.hints import enqueue_training, nudge

__all__ = ["enqueue_training", "nudge"]
