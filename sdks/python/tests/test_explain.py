"""Explanations as SHAP and LIME return them, and arrays of numpy."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tachograph._explain import explanation_of
from tachograph._plain import encode, plain

shap = pytest.importorskip("shap")
lime_tabular = pytest.importorskip("lime.lime_tabular")
lime_text = pytest.importorskip("lime.lime_text")

FEATURES = ["close", "volume", "volatility"]
WEIGHTS = np.array([2.0, -1.0, 0.5])


def sent(value: Any) -> Any:
    return json.loads(encode(plain(explanation_of(value))))


@pytest.fixture(scope="module")
def table() -> Any:
    return np.random.default_rng(7).normal(size=(40, 3))


def linear(rows: Any) -> Any:
    return rows @ WEIGHTS


def test_an_explanation_of_shap_for_one_row(table: Any) -> None:
    explainer = shap.Explainer(linear, table, feature_names=FEATURES, algorithm="permutation", seed=1)
    one = explainer(table[:1])
    for given in (one, one[0]):
        made = sent(given)
        assert made["method"] == "shap" and set(made["values"]) == set(FEATURES)
        expected = WEIGHTS * (table[0] - table.mean(axis=0))
        assert np.allclose([made["values"][name] for name in FEATURES], expected)
        assert made["base_value"] == pytest.approx(linear(table).mean())
        assert made["data"]["close"] == pytest.approx(table[0][0])


def test_an_explanation_of_shap_for_several_rows(table: Any) -> None:
    made = sent(shap.Explainer(linear, table, feature_names=FEATURES, algorithm="permutation", seed=1)(table[:4]))
    assert made["feature_names"] == FEATURES and len(made["values"]) == 4 and len(made["data"]) == 4


def test_as_many_rows_as_features_are_rows_and_several_outputs_are_of_one_row() -> None:
    values = np.arange(9.0).reshape(3, 3)
    for data in (values * 10, None):
        rows = sent(shap.Explanation(values=values, base_values=np.zeros(3), data=data, feature_names=FEATURES))
        assert rows["values"] == values.tolist() and rows["feature_names"] == FEATURES
    one = shap.Explanation(values=values, base_values=np.zeros(3), data=np.array([1.0, 2.0, 3.0]), feature_names=FEATURES)
    assert sent(one)["values"] == dict(zip(FEATURES, values.tolist()))


def test_explanations_of_lime(table: Any) -> None:
    explainer = lime_tabular.LimeTabularExplainer(table, feature_names=FEATURES, mode="regression", random_state=1)
    explanation = explainer.explain_instance(table[0], linear, num_features=3, num_samples=200)
    made = sent(explanation)
    assert made["method"] == "lime" and len(made["values"]) == 3 and made["score"] > 0.1
    assert made["values"] == {name: pytest.approx(weight) for name, weight in explanation.as_list()}
    assert sent(explanation.as_list())["values"] == made["values"]

    def chances(rows: Any) -> Any:
        up = 1 / (1 + np.exp(-linear(rows)))
        return np.column_stack([1 - up, up])

    explainer = lime_tabular.LimeTabularExplainer(table, feature_names=FEATURES, class_names=["down", "up"], random_state=1)
    made = sent(explainer.explain_instance(table[0], chances, num_features=2, num_samples=200))
    assert made["class_names"] == ["down", "up"] and len(made["values"]) == 2 and len(made["predict_proba"]) == 2


@pytest.mark.parametrize(
    ("asked", "label"),
    [({"top_labels": 2}, 2), ({"labels": (0, 2)}, 0), ({"labels": (2, 1, 0)}, 1), ({"labels": (2,)}, 2)],
)
def test_an_explanation_of_lime_says_which_label_it_is_of(table: Any, asked: dict[str, Any], label: int) -> None:
    def chances(rows: Any) -> Any:
        up = 1 / (1 + np.exp(-linear(rows)))
        return np.column_stack([0.2 * (1 - up), 0.2 * up, np.full(len(rows), 0.8)])

    names = ["down", "up", "flat"]
    explainer = lime_tabular.LimeTabularExplainer(table, feature_names=FEATURES, class_names=names, random_state=1)
    explanation = explainer.explain_instance(table[0], chances, num_features=2, num_samples=200, **asked)
    made = sent(explanation)
    assert (made["label"], made["class"]) == (label, names[label])
    assert made["values"] == {name: pytest.approx(weight) for name, weight in explanation.as_list(label=label)}
    assert made["base_value"] == pytest.approx(explanation.intercept[label])
    assert made.get("score_label", label) == list(explanation.local_exp)[-1]
    assert ("by_label" in made) == (len(explanation.local_exp) > 1)


TEXT = "not good but not bad"
WORDS = ["not", "good", "but", "not#2", "bad"]


def scores(texts: Any) -> Any:
    """The first `not` counts more than the second."""
    return np.array([2.0 * t.split().count("not") + 1.0 * t.split().count("good") + 5.0 * t.startswith("not") for t in texts])


def chances(texts: Any) -> Any:
    good = 1 / (1 + np.exp(4 - scores(texts)))
    return np.column_stack([1 - good, good])


def test_each_word_of_a_text_keeps_its_value_of_shap() -> None:
    one = shap.Explainer(scores, shap.maskers.Text(r"\W+"))([TEXT])[0]
    made = sent(one)
    assert made["values"] == dict(zip(WORDS, one.values.tolist()))
    assert made["data"] == dict(zip(WORDS, one.data))
    assert sum(made["values"].values()) + made["base_value"] == pytest.approx(scores([TEXT])[0])


@pytest.mark.parametrize("features", [1, 5])
def test_each_word_of_a_text_keeps_its_weight_of_lime_and_its_place(features: int) -> None:
    explainer = lime_text.LimeTextExplainer(class_names=["bad", "good"], bow=False, random_state=1)
    given = {"labels": (0, 1), "num_features": features, "num_samples": 300}
    explanation = explainer.explain_instance(TEXT, chances, **given)
    weights = {WORDS[place]: pytest.approx(weight) for place, weight in explanation.local_exp[1]}
    made = sent(explanation)
    assert len(weights) == features and made["values"] == made["by_label"]["1"] == weights
    listed = sent([("not", 0.5), ("not", 0.25), ("not#2", 1.0), ("bad", 0.0), ("not", 2.0)])["values"]
    assert listed == {"not": 0.5, "not#2": 0.25, "not#2#2": 1.0, "bad": 0.0, "not#3": 2.0}


def test_columns_of_one_name_keep_their_values(table: Any) -> None:
    names = ["price", "price", "volume"]
    one = shap.Explainer(linear, table, feature_names=names, algorithm="permutation", seed=1)(table[:1])
    assert sent(one)["values"] == dict(zip(["price", "price#2", "volume"], one.values[0].tolist()))
    explainer = lime_tabular.LimeTabularExplainer(
        table, feature_names=names, mode="regression", discretize_continuous=False, random_state=1
    )
    made = sent(explainer.explain_instance(table[0], linear, num_features=3, num_samples=200))
    assert set(made["values"]) == {"price", "price#2", "volume"}
    assert made["values"]["price"] > 0 > made["values"]["price#2"]


def test_of_more_features_than_are_kept_it_is_told_how_many() -> None:
    names = [f"f{n}" for n in range(1500)]
    assert sent([(name, 1.0) for name in names])["values"]["members_left_out"] == 500
    one = shap.Explanation(values=np.ones(1500), base_values=0.0, feature_names=names)
    assert sent(one)["values"]["members_left_out"] == 500 and len(sent(one)["values"]) == 1001


def test_arrays_alone_and_objects_as_they_are() -> None:
    assert sent(np.array([0.5, -0.25])) == {"method": "values", "values": [0.5, -0.25]}
    mine = {"method": "shap", "values": {"close": np.float32(0.5)}}
    assert sent(mine) == {"method": "shap", "values": {"close": 0.5}}
    assert sent("because") == "because"


def test_numbers_of_numpy_are_numbers() -> None:
    given = {"int": np.int64(3), "float": np.float32(0.5), "bool": np.bool_(True), "nan": np.float64("nan")}
    assert plain(given) == {"int": 3, "float": 0.5, "bool": True, "nan": "nan"}
    assert plain(np.arange(6).reshape(2, 3)) == [[0, 1, 2], [3, 4, 5]]
    large = plain(np.zeros((200, 100)))
    assert large["shape"] == [200, 100] and len(large["head"]) == 1000
    assert plain(np.array(5.0)) == 5.0 and plain(np.datetime64("2026-01-02")).startswith("2026-01-02")


def test_an_explanation_that_cannot_be_read_says_so() -> None:
    class Odd:
        base_values = 1

        @property
        def values(self) -> Any:
            raise RuntimeError("no values")

    made = explanation_of(Odd())
    assert made is not None
