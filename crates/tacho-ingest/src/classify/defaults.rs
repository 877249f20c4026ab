//! The table that holds where the configuration names nothing else.

use super::{ClassRule, Classes};
use std::collections::BTreeMap;
use tacho_event::words::Level;

impl Default for Classes {
    fn default() -> Classes {
        let class = |actions: &[&str], level: Level, years: u32| ClassRule {
            actions: actions.iter().map(|action| action.to_string()).collect(),
            level: level.as_str().to_string(),
            retention_days: years * 365,
        };
        Classes {
            critical: class(CRITICAL, Level::Critical, 7),
            high_priority: class(HIGH_PRIORITY, Level::High, 3),
            standard: class(STANDARD, Level::Info, 1),
            tools: owned(TOOLS),
            commands: owned(COMMANDS),
            reading: READING.iter().map(|rule| rule.to_string()).collect(),
            types: owned(TYPES),
        }
    }
}

fn owned(rules: &[(&str, &str)]) -> BTreeMap<String, String> {
    rules.iter().map(|(from, to)| (from.to_string(), to.to_string())).collect()
}

const CRITICAL: &[&str] = &[
    "security_decision",
    "compliance_violation_detected",
    "production_deployment",
    "emergency_response",
    "financial_transaction",
    "user_data_access",
    "system_shutdown",
    "escalation_trigger",
];

const HIGH_PRIORITY: &[&str] = &[
    "code_deployment",
    "configuration_change",
    "agent_coordination",
    "workflow_initiation",
    "quality_gate_decision",
    "performance_optimization",
    "user_communication",
    "task_completion",
];

const STANDARD: &[&str] = &[
    "file_read",
    "file_write",
    "search_operation",
    "analysis_task",
    "routine_check",
    "documentation_update",
    "status_report",
    "metric_collection",
];

const TOOLS: &[(&str, &str)] = &[
    ("Read", "file_read"),
    ("NotebookRead", "file_read"),
    ("LS", "file_read"),
    ("read_file", "file_read"),
    ("read_many_files", "file_read"),
    ("Write", "file_write"),
    ("Edit", "file_write"),
    ("MultiEdit", "file_write"),
    ("NotebookEdit", "file_write"),
    ("write_file", "file_write"),
    ("replace", "file_write"),
    ("apply_patch", "file_write"),
    ("Grep", "search_operation"),
    ("Glob", "search_operation"),
    ("WebSearch", "search_operation"),
    ("WebFetch", "search_operation"),
    ("web_search", "search_operation"),
    ("google_web_search", "search_operation"),
    ("search_file_content", "search_operation"),
    ("glob", "search_operation"),
    ("Agent", "agent_coordination"),
    ("Task", "agent_coordination"),
    ("SendMessage", "agent_coordination"),
    ("AskUserQuestion", "user_communication"),
    ("TodoWrite", "status_report"),
    ("TaskUpdate", "status_report"),
];

const COMMANDS: &[(&str, &str)] = &[
    ("git push", "code_deployment"),
    ("docker push", "code_deployment"),
    ("npm publish", "code_deployment"),
    ("cargo publish", "code_deployment"),
    ("twine upload", "code_deployment"),
    ("kubectl apply", "production_deployment"),
    ("kubectl delete", "production_deployment"),
    ("kubectl rollout", "production_deployment"),
    ("kubectl set image", "production_deployment"),
    ("terraform apply", "production_deployment"),
    ("terraform destroy", "production_deployment"),
    ("helm upgrade", "production_deployment"),
    ("helm install", "production_deployment"),
    ("helm rollback", "production_deployment"),
    ("systemctl poweroff", "system_shutdown"),
    ("systemctl reboot", "system_shutdown"),
    ("shutdown -", "system_shutdown"),
];

const TYPES: &[(&str, &str)] = &[
    ("settings", "configuration_change"),
    ("trade", "financial_transaction"),
    ("metric", "metric_collection"),
];

/// Looking, asking for help, and runs that change nothing.
const READING: &[&str] = &[
    "git --help",
    "git push -h",
    "git push -n",
    "git push --dry-run",
    "docker --help",
    "npm --help",
    "npm publish -h",
    "npm publish --dry-run",
    "cargo --help",
    "cargo publish -h",
    "cargo publish -n",
    "cargo publish --dry-run",
    "twine --help",
    "twine upload -h",
    "kubectl -h",
    "kubectl --help",
    "kubectl --dry-run",
    "kubectl --dry-run=true",
    "kubectl --dry-run=client",
    "kubectl --dry-run=server",
    "kubectl rollout status",
    "kubectl rollout history",
    "kubectl apply view-last-applied",
    "terraform -h",
    "terraform -help",
    "terraform --help",
    "helm -h",
    "helm --help",
    "helm --dry-run",
    "helm --dry-run=true",
    "helm --dry-run=client",
    "helm --dry-run=server",
    "systemctl --help",
    "systemctl --dry-run",
    "shutdown --help",
    "shutdown --show",
    "shutdown -c",
];
