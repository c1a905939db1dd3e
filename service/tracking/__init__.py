"""Trainings told to experiment trackers that people run elsewhere: MLflow and Weights & Biases, each by a setting.

`tracker.py` is what a tracker has to do, `mlflow.py` and `wandb.py` are the two there are, `delivery.py` brings a
training's events to one on a thread of its own, and `configured.py` says which of them the settings ask for.
"""
