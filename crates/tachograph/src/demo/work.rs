//! Ordinary work: what each role of the fleet does between the stories that stand out.
//!
//! Engineering and operations are here, the rest of the company is in `desk`.

use super::act::{Act, Session};
use super::cast::{ADVISOR, BACKEND, ONCALL, REVIEWER, Role};
use super::desk;
use super::scene::{Message, Scene};
use serde_json::json;

pub(super) const FILES: [&str; 12] = [
    "src/orders/service.rs",
    "src/orders/model.rs",
    "src/payments/gateway.rs",
    "src/payments/refund.rs",
    "src/catalog/search.rs",
    "src/auth/session.rs",
    "web/src/Checkout.tsx",
    "web/src/Cart.tsx",
    "web/src/api/client.ts",
    "migrations/0042_orders.sql",
    "deploy/api.yaml",
    "docs/api.md",
];
const SYMBOLS: [&str; 8] = [
    "OrderService",
    "retry_policy",
    "parse_cart",
    "SessionStore",
    "useCheckout",
    "apply_discount",
    "Refund",
    "rate_limit",
];
const QUESTIONS: [&str; 8] = [
    "rust sqlx transaction isolation level postgres",
    "react 19 suspense data fetching pattern",
    "kubernetes readiness probe best practice",
    "tailwind container queries",
    "axum graceful shutdown example",
    "postgres partial index unique constraint",
    "typescript discriminated union exhaustive check",
    "playwright flaky test retries",
];

/// Some minutes of a role's work.
pub(super) fn play(scene: &mut Scene<'_>, session: &Session) {
    match session.agent.role {
        Role::Coder => coder(scene, session),
        Role::Tester => tester(scene, session),
        Role::Reviewer => reviewer(scene, session),
        Role::Release => release(scene, session),
        Role::Watch => watch(scene, session),
        Role::Auditor => desk::auditor(scene, session),
        Role::Etl => desk::etl(scene, session),
        Role::Analyst => desk::analyst(scene, session),
        Role::Trader => desk::trader(scene, session),
        Role::Risk => desk::risk(scene, session),
        Role::Support => desk::support(scene, session),
    }
}

/// One of the small things that every coding agent does all the time.
pub(super) fn chore(scene: &mut Scene<'_>, session: &Session) {
    let file = *scene.rng.pick(&FILES);
    let symbol = *scene.rng.pick(&SYMBOLS);
    let act = match scene.rng.between(0, 9) {
        0..=2 => read(scene, file),
        3 | 4 => {
            let matches = scene.rng.between(1, 9);
            let files: Vec<&str> = (0..matches.min(4)).map(|_| *scene.rng.pick(&FILES)).collect();
            Act::tool(
                "Grep",
                json!({ "pattern": symbol, "path": "src", "output_mode": "files_with_matches" }),
            )
            .result(json!({ "matches": matches, "files": files }))
            .took(scene.rng.around(34))
        }
        5 | 6 => edit(scene, file, symbol),
        7 => {
            let (command, description, output) = *scene.rng.pick(&[
                ("git status --short", "Show what changed", " M src/orders/service.rs\n M docs/api.md"),
                (
                    "git log --oneline -5",
                    "List recent commits",
                    "77cd39a fix: round cart totals\n1f0be21 feat: refunds",
                ),
                ("ls -la src/orders", "List files", "total 48\nservice.rs\nmodel.rs\nmod.rs"),
                ("cargo clippy --all-targets", "Lint", "    Finished `dev` profile in 4.81s"),
                ("wc -l src/**/*.rs", "Count lines", "  412 src/orders/service.rs\n 1893 total"),
            ]);
            Act::bash(command, description).prints(output).took(scene.rng.around(420))
        }
        8 => search(scene),
        _ if scene.rng.chance(45) => {
            Act::tool("Read", json!({ "file_path": format!("/srv/shop/{symbol}.rs") }))
                .fails(
                    "FileNotFound",
                    "File does not exist. Note: your current working directory is /srv/shop.",
                )
                .took(6)
        }
        _ => read(scene, file),
    };
    scene.act(session, act);
}

pub(super) fn read(scene: &mut Scene<'_>, file: &str) -> Act {
    let lines = scene.rng.between(40, 620);
    let content = format!("//! {file}\n\nuse crate::prelude::*;\n");
    Act::tool("Read", json!({ "file_path": format!("/srv/shop/{file}") }))
        .result(json!({ "lines": lines, "content": content }))
        .took(scene.rng.around(12))
        .touches("file", file)
}

pub(super) fn edit(scene: &mut Scene<'_>, file: &str, symbol: &str) -> Act {
    let (old, new) = (format!("fn {symbol}("), format!("pub(crate) fn {symbol}("));
    Act::tool(
        "Edit",
        json!({ "file_path": format!("/srv/shop/{file}"), "old_string": old, "new_string": new }),
    )
    .result(json!({ "replacements": 1 }))
    .took(scene.rng.around(28))
    .tokens(scene.rng.around(5200), scene.rng.around(620))
    .touches("file", file)
    .writes()
}

fn search(scene: &mut Scene<'_>) -> Act {
    let query = *scene.rng.pick(&QUESTIONS);
    Act::external("web_search", query, json!({ "query": query, "result_count": 10 }))
        .result(json!({ "results_returned": 10, "domains": ["docs.rs", "stackoverflow.com", "github.com"] }))
        .took(scene.rng.around(1150))
}

fn coder(scene: &mut Scene<'_>, session: &Session) {
    if scene.rng.chance(35) {
        let ask = *scene.rng.pick(&[
            "The cart total is off by one cent for three items, please fix it.",
            "Rename the checkout hook and update its callers.",
            "Add a test for refunds of partial orders.",
            "Why is the search page slow on mobile?",
        ]);
        scene.user_says(session, ask, None);
    }
    for _ in 0..scene.rng.between(6, 11) {
        chore(scene, session);
    }
    let tests = scene.rng.between(80, 420);
    let act = if scene.rng.chance(85) {
        let output = format!("test result: ok. {tests} passed; 0 failed; finished in 3.40s");
        Act::bash("cargo test -q", "Run the tests").prints(&output)
    } else {
        let output = format!("test result: FAILED. {tests} passed; 2 failed\n  orders::totals_round_half_up");
        Act::bash("cargo test -q", "Run the tests").exits(101, &output)
    };
    let took = scene.rng.around(3400);
    scene.act(session, act.took(took).writes());
    if scene.rng.chance(20) {
        github(scene, session);
    }
    scene.stops(session);
}

fn github(scene: &mut Scene<'_>, session: &Session) {
    let number = scene.rng.between(1200, 1990);
    let operation = *scene.rng.pick(&["get_pull_request", "list_issues", "create_comment", "get_check_runs"]);
    let act = Act::skill("github", operation, json!({ "repository": "acme/shop", "number": number }))
        .result(json!({ "status_code": 200, "items": scene.rng.between(1, 30) }))
        .took(scene.rng.around(480));
    scene.act(session, act);
}

fn tester(scene: &mut Scene<'_>, session: &Session) {
    for suite in ["unit", "api", "checkout", "search", "payments"] {
        let command = format!("npx playwright test --project={suite}");
        let count = scene.rng.between(12, 90);
        let act = if scene.rng.chance(88) {
            Act::bash(&command, "Run a suite").prints(&format!("{count} passed ({:.1}s)", count as f64 / 9.0))
        } else {
            Act::bash(&command, "Run a suite")
                .exits(1, &format!("1 failed\n  [{suite}] expect(locator).toBeVisible()\n{count} passed"))
        };
        let took = scene.rng.around(2800);
        scene.act(session, act.took(took).writes());
    }
    let act = Act::tool("Grep", json!({ "pattern": "flaky", "path": "web/tests" }))
        .result(json!({ "matches": 3, "files": ["web/tests/cart.spec.ts"] }));
    scene.act(session, act.took(21));
    let (input, output) = (
        json!({ "suites": 5 }),
        json!({ "status": "completed", "tests_passed": scene.rng.between(200, 380) }),
    );
    scene.log(session, "task_completion", "high_priority", "Nightly suites done", (input, output), None);
}

fn reviewer(scene: &mut Scene<'_>, session: &Session) {
    github(scene, session);
    for _ in 0..scene.rng.between(3, 6) {
        let file = *scene.rng.pick(&FILES);
        let act = read(scene, file);
        scene.act(session, act);
    }
    let approve = scene.rng.chance(75);
    let (yes, no) = (scene.rng.share(72, 97), scene.rng.share(10, 40));
    let options = if approve {
        [
            ("approve", "Small change, covered by tests", yes),
            ("request_changes", "Naming could be clearer", no),
        ]
    } else {
        [("request_changes", "An error path is swallowed", yes), ("approve", "Works for the common case", no)]
    };
    let took = scene.rng.around(5200);
    let act = Act::decision("quality_gate_decision", "Is this pull request ready to merge?", &options)
        .took(took)
        .tokens(scene.rng.around(14_000), scene.rng.around(900));
    scene.act(session, act);
    let (status, notes) = if approve {
        ("approved", "Looks good")
    } else {
        ("rejected", "Please handle the error in refund()")
    };
    let message = Message {
        subject: "Review done",
        content: notes,
        priority: "normal",
        stage: "code_review",
        attachments: &["review.md"],
        answer: Some(("6m 56s", status, notes)),
    };
    scene.message(session, &BACKEND, &message, None);
}

fn release(scene: &mut Scene<'_>, session: &Session) {
    let commands = [
        ("git fetch --tags", "Fetch tags", "From github.com:acme/shop\n * [new tag] v2"),
        ("gh run list --limit 5", "Look at the pipelines", "completed success main ci 4m12s"),
        ("kubectl get pods -n staging", "Look at staging", "api-6f7 1/1 Running\nweb-5d9 1/1 Running"),
    ];
    for (command, description, output) in commands {
        let took = scene.rng.around(650);
        scene.act(session, Act::bash(command, description).prints(output).took(took));
    }
    let query = "SELECT version, deployed_at FROM deployments ORDER BY deployed_at DESC LIMIT 10";
    let parameters = json!({ "query_preview": query, "tables_accessed": ["deployments"] });
    let act = Act::skill("postgres", "query", parameters)
        .result(json!({ "rows_returned": 10, "execution_time_ms": 45 }))
        .took(scene.rng.around(52))
        .touches("database_table", "public.deployments");
    scene.act(session, act);
    let act = Act::bash("argocd app sync shop-staging", "Deploy to staging")
        .prints("Phase: Succeeded\nMessage: successfully synced")
        .took(scene.rng.around(1900))
        .touches("kubernetes_namespace", "staging")
        .admin()
        .with(
            "metadata",
            json!({ "environment": "staging", "git_commit": session.commit, "branch": "main" }),
        );
    scene.act(session, act);
    let message = Message {
        subject: "Release candidate on staging",
        content: "Please watch error rates for fifteen minutes.",
        priority: "high",
        stage: "staging",
        attachments: &["changelog.md"],
        answer: None,
    };
    scene.message(session, &ONCALL, &message, None);
}

fn watch(scene: &mut Scene<'_>, session: &Session) {
    for (name, low, high) in [("cpu_usage", 22, 78), ("memory_usage", 41, 79), ("api_latency", 60, 420)] {
        let value = scene.rng.between(low, high);
        let unit = if name == "api_latency" { "ms" } else { "percent" };
        let act = Act::new("metric", name, json!({ "metric": name, "value": value, "unit": unit }));
        scene.act(session, act.took(4));
    }
    let target = "https://grafana.internal/api/datasources/proxy/1/query";
    let act =
        Act::external("api_call", target, json!({ "query": "sum(rate(http_requests_total[5m])) by (code)" }))
            .result(json!({ "status_code": 200, "series": 6 }))
            .took(scene.rng.around(240));
    scene.act(session, act);
    let took = scene.rng.around(900);
    let output = "E 0 W 3: upstream reset, retried\nW connection pool at 71 percent";
    let act = Act::bash("kubectl logs deploy/api --since=5m | tail -50", "Read the logs").prints(output);
    scene.act(session, act.took(took));
    let (calm, act_now) = (scene.rng.share(70, 95), scene.rng.share(8, 30));
    let options = [
        ("keep_watching", "Within the error budget", calm),
        ("scale_out", "Latency climbs towards the limit", act_now),
    ];
    let decision = Act::decision("capacity_check", "Does the API need more replicas?", &options);
    scene.act(session, decision.took(2100));
    if scene.rng.chance(35) {
        let to = if session.agent.id == ADVISOR.id { &ONCALL } else { &REVIEWER };
        let message = Message {
            subject: "Pool usage",
            content: "The connection pool was at 71 percent for two minutes.",
            priority: "normal",
            stage: "monitoring",
            attachments: &[],
            answer: None,
        };
        scene.message(session, to, &message, None);
    }
}
