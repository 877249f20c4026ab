"""The events as the server takes them. Pure: from what the caller says to the object that is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._explain import explanation_of
from ._plain import few

# Members that any event may carry under these names. What a caller says beyond them goes into `attributes`, so that no
# name of his can turn an event into one of another format.
COMMON = frozenset(
    "session_id conversation_id user_id agent_name agent_version agent_type team call_id parent_id turn_id request_id"
    " phase level duration_ms tokens_input tokens_output tokens_total tokens_cache_read tokens_cache_write"
    " tokens_reasoning cost_usd model memory_bytes cpu_usage exit_code permission_level resources_accessed"
    " sensitive_data_accessed ip user_agent metadata workflow impact compliance blockchain_anchor".split()
)


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that have no value."""
    return {name: value for name, value in members.items() if value is not None}


def common(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a caller may say with any call; the rest below `attributes`."""
    members = {name: value for name, value in said.items() if name in COMMON and value is not None}
    others = {name: value for name, value in said.items() if name not in COMMON and name != "attributes"}
    given = said.get("attributes")
    attributes = {**(few(given) if isinstance(given, Mapping) else present({"value": given})), **present(others)}
    return {**members, **({"attributes": attributes} if attributes else {})}


def action(
    name: str, type: str, category: Any, details: Any, status: Any, result: Any, error: Any
) -> dict[str, Any]:
    return present(
        {
            "action_type": type,
            "action_name": name,
            "category": category,
            "action_details": details,
            "outcome_status": status,
            "outcome_result": result,
            "outcome_error": error,
        }
    )


def decision(name: str, members: Mapping[str, Any], options: Any, status: Any) -> dict[str, Any]:
    made = present({**members, "options_considered": options})
    return present(
        {"action_type": "decision", "action_name": name, "decision": made, "outcome_status": status}
    )


def ai_decision(
    model_id: str, input_data: Any, prediction: Any, confidence: Any, explanation: Any
) -> dict[str, Any]:
    return present(
        {
            "model_id": model_id,
            "input_data": input_data,
            # A prediction of nothing is still a prediction: without it the event would be of no format.
            "prediction": "none" if prediction is None and input_data is None else prediction,
            "confidence": confidence,
            "explanation": None if explanation is None else explanation_of(explanation),
        }
    )


def communication(
    sender: Any, receiver: Any, message: Mapping[str, Any], type: str, response_required: bool | None
) -> dict[str, Any]:
    party = receiver if isinstance(receiver, Mapping) else {"agent_id": receiver}
    return present(
        {
            "type": type,
            "sender": sender if sender is None or isinstance(sender, Mapping) else {"agent_id": sender},
            "receiver": present({**few(party), "response_required": response_required}),
            "message": present(message),
        }
    )


def audit(
    action: str,
    entity_type: str,
    entity_id: Any,
    user_id: Any,
    resource_name: Any,
    changes: Any,
    details: Any,
    severity: Any,
    request: Mapping[str, Any],
) -> dict[str, Any]:
    return present(
        {
            "action": action,
            "entityType": entity_type,
            "entityId": entity_id,
            "userId": user_id,
            "resourceName": resource_name,
            "changes": changes,
            "details": details,
            "severity": severity,
            "request": present(request) or None,
        }
    )
