//! The table that holds where the configuration names nothing else.

use super::{ClassRule, Classes};
use serde::{Deserialize, Deserializer};
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

/// What a configuration says of a class.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    actions: Option<Vec<String>>,
    level: Option<String>,
    retention_days: Option<u32>,
}

impl Told {
    fn over(self, default: ClassRule) -> ClassRule {
        ClassRule {
            actions: self.actions.unwrap_or(default.actions),
            level: self.level.unwrap_or(default.level),
            retention_days: self.retention_days.unwrap_or(default.retention_days),
        }
    }
}

pub(super) fn critical<'de, D: Deserializer<'de>>(from: D) -> Result<ClassRule, D::Error> {
    Ok(Told::deserialize(from)?.over(Classes::default().critical))
}

pub(super) fn high_priority<'de, D: Deserializer<'de>>(from: D) -> Result<ClassRule, D::Error> {
    Ok(Told::deserialize(from)?.over(Classes::default().high_priority))
}

pub(super) fn standard<'de, D: Deserializer<'de>>(from: D) -> Result<ClassRule, D::Error> {
    Ok(Told::deserialize(from)?.over(Classes::default().standard))
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
    ("podman push", "code_deployment"),
    ("pnpm publish", "code_deployment"),
    ("yarn publish", "code_deployment"),
    ("poetry publish", "code_deployment"),
    ("uv publish", "code_deployment"),
    ("gem push", "code_deployment"),
    ("mvn deploy", "code_deployment"),
    ("gh release create", "code_deployment"),
    ("kubectl apply", "production_deployment"),
    ("kubectl create", "production_deployment"),
    ("kubectl delete", "production_deployment"),
    ("kubectl rollout", "production_deployment"),
    ("kubectl set image", "production_deployment"),
    ("terraform apply", "production_deployment"),
    ("terraform destroy", "production_deployment"),
    ("terragrunt apply", "production_deployment"),
    ("terragrunt destroy", "production_deployment"),
    ("terragrunt run-all apply", "production_deployment"),
    ("helm upgrade", "production_deployment"),
    ("helm install", "production_deployment"),
    ("helm rollback", "production_deployment"),
    ("kubectl replace", "production_deployment"),
    ("kubectl patch", "production_deployment"),
    ("kubectl scale", "production_deployment"),
    ("tofu apply", "production_deployment"),
    ("tofu destroy", "production_deployment"),
    ("pulumi up", "production_deployment"),
    ("pulumi destroy", "production_deployment"),
    ("ansible-playbook", "production_deployment"),
    ("helm uninstall", "production_deployment"),
    ("docker compose up -d", "production_deployment"),
    ("docker compose up --detach", "production_deployment"),
    ("docker-compose up -d", "production_deployment"),
    ("docker-compose up --detach", "production_deployment"),
    ("docker stack deploy", "production_deployment"),
    ("docker service update", "production_deployment"),
    ("argocd app sync", "production_deployment"),
    ("flux reconcile", "production_deployment"),
    ("nomad job run", "production_deployment"),
    ("cdk deploy", "production_deployment"),
    ("sam deploy", "production_deployment"),
    ("serverless deploy", "production_deployment"),
    ("fly deploy", "production_deployment"),
    ("flyctl deploy", "production_deployment"),
    ("vercel deploy", "production_deployment"),
    ("vercel --prod", "production_deployment"),
    ("netlify deploy", "production_deployment"),
    ("wrangler deploy", "production_deployment"),
    ("aws cloudformation deploy", "production_deployment"),
    ("aws ecs update-service", "production_deployment"),
    ("aws lambda update-function-code", "production_deployment"),
    ("gcloud app deploy", "production_deployment"),
    ("gcloud run deploy", "production_deployment"),
    ("gcloud functions deploy", "production_deployment"),
    ("az webapp deploy", "production_deployment"),
    ("systemctl restart", "configuration_change"),
    ("systemctl reload", "configuration_change"),
    ("systemctl start", "configuration_change"),
    ("systemctl stop", "configuration_change"),
    ("systemctl enable", "configuration_change"),
    ("systemctl disable", "configuration_change"),
    ("systemctl poweroff", "system_shutdown"),
    ("systemctl reboot", "system_shutdown"),
    ("shutdown -", "system_shutdown"),
];

const TYPES: &[(&str, &str)] = &[
    ("settings", "configuration_change"),
    ("trade", "financial_transaction"),
    ("metric", "metric_collection"),
];

/// Looking, asking for help in other ways than by `--help`, and runs that change nothing.
const READING: &[&str] = &[
    "git push -h",
    "git push -n",
    "git push --dry-run",
    "npm publish -h",
    "npm publish --dry-run",
    "cargo publish -h",
    "cargo publish -n",
    "cargo publish --dry-run",
    "twine upload -h",
    "kubectl -h",
    "kubectl --dry-run",
    "kubectl --dry-run=true",
    "kubectl --dry-run=client",
    "kubectl --dry-run=server",
    "kubectl rollout status",
    "kubectl rollout history",
    "kubectl apply view-last-applied",
    "kubectl create token",
    "docker --dry-run",
    "docker-compose --dry-run",
    "terragrunt -help",
    "aws cloudformation deploy --no-execute-changeset",
    "terraform -h",
    "terraform -help",
    "helm -h",
    "helm --dry-run",
    "helm --dry-run=true",
    "helm --dry-run=client",
    "helm --dry-run=server",
    "tofu -help",
    "ansible-playbook --check",
    "ansible-playbook -C",
    "ansible-playbook --syntax-check",
    "ansible-playbook --list-hosts",
    "ansible-playbook --list-tasks",
    "pnpm publish --dry-run",
    "poetry publish --dry-run",
    "uv publish --dry-run",
    "systemctl --dry-run",
    "shutdown --show",
    "shutdown -c",
];
