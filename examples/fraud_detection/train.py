#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the fraud model on generated payments and writes model.json.

    build/dev/bin/fraud_features --seed 1001 --cards 5000 --payments 200000 > train.csv
    build/dev/bin/fraud_features --seed 2002 --cards 5000 --payments 100000 > test.csv
    pip install 'xgboost==1.7.6'
    examples/fraud_detection/train.py train.csv test.csv examples/fraud_detection/model.json

The seeds differ from those of the demo and the tests, whose payments are therefore new to the model.
Any XGBoost from 1.7 on works; an old library cannot load the model of a newer one.
"""

import sys

import numpy
import xgboost


def load(path):
    with open(path) as file:
        names = file.readline().strip().split(",")
    rows = numpy.loadtxt(path, delimiter=",", skiprows=1, dtype=numpy.float32)
    return names[:-1], rows[:, :-1], rows[:, -1]


def best_threshold(scores, labels):
    """The threshold with the best F1: a missed theft and a false alert have the same weight."""
    best = (0.0, 0.5)
    for threshold in numpy.arange(0.05, 0.96, 0.05):
        hits = numpy.sum((scores >= threshold) & (labels == 1))
        f1 = 2 * hits / (numpy.sum(scores >= threshold) + numpy.sum(labels))
        best = max(best, (f1, round(float(threshold), 2)))
    return best[1]


def main():
    train_path, test_path, model_path = sys.argv[1:4]
    names, features, labels = load(train_path)
    test_names, test_features, test_labels = load(test_path)
    assert names == test_names, "the two files have different columns"

    train = xgboost.DMatrix(features, labels, feature_names=names)
    test = xgboost.DMatrix(test_features, test_labels, feature_names=names)
    model = xgboost.train(
        {
            "objective": "binary:logistic",
            "eval_metric": ["auc", "aucpr"],
            "max_depth": 4,
            "eta": 0.25,
            "min_child_weight": 5,
            "tree_method": "hist",
            "seed": 1,
        },
        train,
        num_boost_round=50,
        evals=[(test, "test")],
        verbose_eval=10,
    )

    # The threshold is part of the model: chosen on what it learned from, judged on what it did not.
    threshold = best_threshold(model.predict(train), labels)
    model.set_attr(threshold=str(threshold))
    alerts = model.predict(test) >= threshold
    hits = numpy.sum(alerts & (test_labels == 1))
    print(f"threshold {threshold}: precision {hits / numpy.sum(alerts):.3f}, "
          f"recall {hits / numpy.sum(test_labels):.3f}, alerts {numpy.mean(alerts):.4f} of payments")
    model.save_model(model_path)


if __name__ == "__main__":
    main()
