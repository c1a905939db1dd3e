"""What generated images are worth: scores on arrays, the same for every driver; no learning library is imported here.

`evaluation.Evaluation` draws from a model and scores what was drawn, `background.Background` does so while it trains;
`metrics/` holds a file a score, `extractors` what sees features, `digits_judge` a quick verdict on handwritten digits.
"""
