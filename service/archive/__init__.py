"""A run as one zip file, to keep or to take to another service.

run.json              what the job was: name, state, times, losses, tags, comment; and the version of this form
spec.json             the resolved spec
environment.json      device, precision, versions
metrics.csv           step, generator, discriminator, seconds     metrics.parquet: the same
measurements.csv      name, step, value: scores and usage         measurements.parquet: the same
markers.json          what happened at which step
samples.json          of each grid of samples its step and size
samples/{step}.png    the grids
weights.safetensors   the newest weights
scores.json           the newest scores, whole
tensorboard/…         event files
"""
