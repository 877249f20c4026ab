"""Explanations of models as their libraries return them: SHAP's values and LIME's lists, without importing either.

*Invariants.* A feature has one name, and no two have the same: a name that comes again has its number, `not#2`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ._plain import plain

FEATURES_MAX = 1_000
_WORDS_MAX = 20_000  # of a longer text words that come again are numbered as they are listed


def explanation_of(value: Any) -> Any:
    """The explanation with `method`, and `values` by feature where the library tells their names.

    Takes `shap.Explanation`, `lime.explanation.Explanation`, LIME's `as_list()`, arrays, and any object that JSON knows,
    which stays as it is.
    """
    try:
        if _is_lime(value):
            return _lime(value)
        if _is_shap(value):
            return _shap(value)
        if _is_pairs(value):
            return {"method": "lime", "values": _by_name(*_apart(value[:FEATURES_MAX]), len(value))}
        if callable(getattr(value, "tolist", None)):
            return {"method": "values", "values": plain(value)}
    except Exception as error:  # another version of the library may look otherwise
        return {"method": type(value).__name__, "unreadable": f"{type(error).__name__}: {error}"}
    return value


def _is_shap(value: Any) -> bool:
    return not isinstance(value, (type, Mapping)) and hasattr(value, "values") and hasattr(value, "base_values")


def _shap(value: Any) -> dict[str, Any]:
    values = plain(value.values)
    names = _names(getattr(value, "feature_names", None))
    made: dict[str, Any] = {"method": "shap", "base_value": _only(plain(value.base_values))}
    data = plain(getattr(value, "data", None))
    if isinstance(values, list) and len(values) == 1 and isinstance(values[0], list):
        values = values[0]  # one row of a table
        data = data[0] if isinstance(data, list) and len(data) == 1 else data
    outputs = _names(getattr(value, "output_names", None))
    if _is_one_row(values, data, names, outputs):
        made["values"] = _named(values, names)
        if isinstance(data, list) and len(data) == len(values):
            made["data"] = _named(data, names)
    else:  # several rows
        made |= {"values": values} | ({"feature_names": names} if names else {}) | ({"data": data} if data else {})
    return made | ({"output_names": outputs} if outputs else {})


def _is_one_row(values: Any, data: Any, names: list[str], outputs: list[str]) -> bool:
    """Whether values stand for features, and not for rows of them. With several outputs each feature has a list of its own, and as
    many features as rows look the same: then what was explained tells, which is a list for one row."""
    if not isinstance(values, list):
        return False
    if not values or not isinstance(values[0], list):
        return True
    if not names or len(values) != len(names):
        return False
    if isinstance(data, list) and data:
        return not isinstance(data[0], list)
    return len(values[0]) != len(names) or len(outputs) == len(values[0])


def _is_lime(value: Any) -> bool:
    return callable(getattr(value, "as_list", None)) and hasattr(value, "local_exp")


def _lime(value: Any) -> dict[str, Any]:
    classifies = getattr(value, "mode", "classification") == "classification"
    labels = sorted(value.local_exp) if classifies else []
    shown = _shown_label(value) if classifies else None
    made: dict[str, Any] = {"method": "lime"}
    if shown is not None:
        made["label"] = plain(shown)
        classes = _names(getattr(value, "class_names", None))
        if 0 <= shown < len(classes):
            made["class"] = classes[shown]
    intercept = getattr(value, "intercept", None)
    if isinstance(intercept, Mapping) and intercept:
        made["base_value"] = plain(intercept.get(shown, next(iter(intercept.values()))))
    every = _features(value)
    made["values"] = _weights(value, every, shown)
    if len(labels) > 1:
        made["by_label"] = {str(label): _weights(value, every, label) for label in labels}
    for name in ("score", "local_pred", "predict_proba", "class_names"):
        found = getattr(value, name, None)
        if found is not None:
            made[name] = plain(found)
    last = next(reversed(value.local_exp), None)
    if shown is not None and last != shown:  # LIME keeps these two of the label that it explained last
        made["score_label"] = plain(last)
    return made


def _shown_label(value: Any) -> Any:
    """The label that LIME shows by itself: the likeliest if it was asked for those, else that of `as_list()`, 1."""
    top = getattr(value, "top_labels", None)
    if top is not None and len(top):
        return top[0]
    return 1 if 1 in value.local_exp else next(iter(value.local_exp))


def _weights(value: Any, every: list[str], label: Any) -> dict[str, Any]:
    """The weights of a label, the largest first, as LIME lists them."""
    names, weights = _apart(value.as_list() if label is None else value.as_list(label=label))
    explained = value.local_exp.get(getattr(value, "dummy_label", None) if label is None else label, ())
    numbered = [every[place] for place, _ in explained if place < len(every)]
    if len(numbered) == len(names) and all(map(_is_of, numbered, names)):
        names = numbered
    return _by_name(names, weights, len(names))


def _features(value: Any) -> list[str]:
    """The names of all features, explained or not, so that the second `not` of a text is `not#2` also where the first has no
    weight. Empty where each word has one weight, or LIME tells them in no known way."""
    mapper = getattr(value, "domain_mapper", None)
    text = getattr(mapper, "indexed_string", None)
    if text is not None:
        found = None if getattr(text, "bow", True) else getattr(text, "inverse_vocab", None)
    else:
        found = getattr(mapper, "discretized_feature_names", None)
        found = getattr(mapper, "exp_feature_names", None) if found is None else found
    return [] if found is None or len(found) > _WORDS_MAX else _numbered(map(str, found))


def _is_of(numbered: str, name: str) -> bool:
    return numbered == name or numbered.startswith(f"{name}#")


def _apart(pairs: Iterable[tuple[Any, Any]]) -> tuple[list[str], list[Any]]:
    """Names and weights."""
    found = list(pairs)
    return [str(name) for name, _ in found], [plain(weight) for _, weight in found]


def _is_pairs(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in value[:FEATURES_MAX])
    )


def _names(names: Any) -> list[str]:
    found = plain(names)
    return [str(name) for name in found] if isinstance(found, list) else []


def _named(values: Sequence[Any], names: list[str]) -> dict[str, Any] | list[Any]:
    if len(names) != len(values):
        return list(values)
    return _by_name(names[:FEATURES_MAX], values, len(names))


def _by_name(names: Iterable[str], values: Sequence[Any], count: int) -> dict[str, Any]:
    made = dict(zip(_numbered(names), values))
    return made | ({"members_left_out": count - len(made)} if count > len(made) else {})


def _numbered(names: Iterable[str]) -> list[str]:
    """The names, none twice: one that comes again has its number, as the server numbers members. Each word of a text is a feature,
    and under one name a reader would see only the last."""
    taken: dict[str, None] = {}
    numbers: dict[str, int] = {}
    for name in names:
        free, number = name, numbers.get(name, 2)
        while free in taken:
            free, number = f"{name}#{number}", number + 1
        taken[free], numbers[name] = None, number
    return list(taken)


def _only(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
