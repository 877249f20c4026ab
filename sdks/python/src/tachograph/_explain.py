"""Explanations of models as their libraries return them: SHAP's values and LIME's lists, without importing either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._plain import plain

FEATURES_MAX = 1_000


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
            values = {name: plain(weight) for name, weight in value[:FEATURES_MAX]}
            left_out = {"members_left_out": len(value) - FEATURES_MAX} if len(value) > FEATURES_MAX else {}
            return {"method": "lime", "values": values | left_out}
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
        made["values"] = _by_name(values, names)
        if isinstance(data, list) and len(data) == len(values):
            made["data"] = _by_name(data, names)
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
    made["values"] = _weights(value.as_list() if shown is None else value.as_list(label=shown))
    if len(labels) > 1:
        made["by_label"] = {str(label): _weights(value.as_list(label=label)) for label in labels}
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


def _weights(pairs: Any) -> dict[str, Any]:
    return {str(name): plain(weight) for name, weight in pairs}


def _is_pairs(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in value[:FEATURES_MAX])
    )


def _names(names: Any) -> list[str]:
    found = plain(names)
    return [str(name) for name in found] if isinstance(found, list) else []


def _by_name(values: Sequence[Any], names: list[str]) -> dict[str, Any] | list[Any]:
    if len(names) != len(values):
        return list(values)
    return dict(zip(names[:FEATURES_MAX], values))


def _only(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
