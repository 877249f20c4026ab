//! Groups of audit points that can be named in the configuration: actions as senders usually call them.

/// The points of a group: the name of each and the patterns that it is seen by.
type Points = &'static [(&'static str, &'static [&'static str])];

/// Groups by name.
pub const GROUPS: &[(&str, Points)] = &[
    (
        "agent_lifecycle",
        &[
            ("agent_created", &["agent_create*", "create_agent*", "gen_ai_create_agent"]),
            ("agent_updated", &["agent_update*", "update_agent*", "agent_edited"]),
            ("agent_deleted", &["agent_delete*", "delete_agent*", "agent_removed"]),
            ("agent_executed", &["agent_execut*", "execute_agent*", "agent_run*", "invoke_agent*"]),
        ],
    ),
    (
        "authentication",
        &[
            ("login", &["auth/login*", "auth/*_login", "auth/*login_success*", "auth/sign*in*"]),
            ("failed_login", &["*login*fail*", "*fail*login*", "auth/*auth*fail*"]),
            ("logout", &["auth/*logout*", "auth/*log_out*", "auth/sign*out*"]),
            ("lock_out", &["auth/*lock*"]),
            ("access_denied", &["*access*denied*", "*permission_denied*", "*unauthorized*", "forbidden"]),
            (
                "permission_changed",
                &["auth/*permission*chang*", "auth/*permission*grant*", "auth/*permission*revoke*"],
            ),
            ("role_changed", &["auth/*role*"]),
            ("password_changed", &["auth/*password*"]),
            ("two_factor", &["auth/*2fa*", "auth/*mfa*", "auth/*two_factor*"]),
            ("session_ended", &["auth/*session*end*", "auth/*session*expire*", "auth/*session*terminat*"]),
        ],
    ),
    (
        "settings",
        &[
            ("profile_changed", &["settings/*profile*"]),
            ("notification_changed", &["settings/*notification*"]),
            ("security_changed", &["settings/*security*"]),
            ("api_key_changed", &["settings/*api*key*"]),
            ("configuration_changed", &["settings/*config*", "settings/*system*"]),
        ],
    ),
    (
        "sessions",
        &[("session_started", &["lifecycle/session*start*"]), ("session_ended", &["lifecycle/session*end*"])],
    ),
    ("tools", &[("tool_called", &["tool/*"])]),
    ("external_calls", &[("external_called", &["external/*"])]),
    ("decisions", &[("decided", &["decision/*"])]),
    ("model_decisions", &[("model_decided", &["model_decision/*"])]),
    ("messages", &[("message_sent", &["communication/*"])]),
    ("trades", &[("traded", &["trade/*"])]),
    ("deployments", &[("deployed", &["*deploy*"])]),
    ("approvals", &[("approved", &["*approv*", "permission_request*", "elicitation*"])]),
    ("workflows", &[("workflow_run", &["workflow/*"])]),
    ("memory", &[("memory_used", &["memory/*"])]),
    (
        "administration",
        &[("plugin_changed", &["*plugin*"]), ("admin_operation", &["audit/*admin*", "*admin_*"])],
    ),
];

/// The names, for messages.
pub(crate) fn names() -> String {
    GROUPS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
