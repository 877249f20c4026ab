//! The story lines of operations, security and trading: a failed deployment, failed logins, a slipping trade.

use super::act::{Act, Session, Tone};
use super::cast::{ADVISOR, AUDITOR, ETL, MAKER, ONCALL, RELEASE, RISK, USERS};
use super::clock::{DAY_US, hour};
use super::desk::{predict, trade};
use super::scene::{Message, Scene};
use serde_json::{Value, json};

/// A deployment to production fails, is rolled back, and everybody is told.
pub(super) fn deployment(scene: &mut Scene<'_>) {
    let session = scene.session(&RELEASE);
    let service = *scene.rng.pick(&["api", "checkout", "search", "payments"]);
    // Numbers that grow with the time need no memory of what was released before.
    let version = format!("v2.{}.{}", scene.at_us() / DAY_US % 90, hour(scene.at_us()));
    let (reason, pods) = *scene.rng.pick(&[
        ("ImagePullBackOff", "image not found in the registry"),
        ("CrashLoopBackOff", "panicked: missing field `refund_window` in config"),
        ("ReadinessProbeFailed", "probe failed: 503 after 30 s"),
    ]);
    approve(scene, &session, service, &version);
    let deployment = format!("deploy-{service}-{version}");
    let metadata = json!({ "environment": "production", "deployment_id": deployment,
        "git_commit": session.commit, "branch": "main" });
    let act =
        Act::bash(&format!("kubectl apply -f deploy/{service}.yaml -n production"), "Deploy to production")
            .exits(
                1,
                &format!("deployment.apps/{service} configured\nerror: rollout failed: {reason}: {pods}"),
            )
            .took(5200)
            .touches("kubernetes_namespace", "production")
            .admin()
            .with("metadata", metadata.clone());
    scene.act(&session, act.note(Tone::Bad, format!("deploys {service} {version} to production … failed")));
    let input = json!({ "service": service, "version": version, "strategy": "rolling" });
    let output = json!({ "deployment_status": "failed", "reason": reason, "pods_ready": "1/6" });
    let description = format!("Deployment of {service} {version} failed: {reason}");
    scene.log(&session, "production_deployment", "critical", &description, (input, output), None);
    rollback(scene, &session, (service, &version, reason), &metadata);
    incident(scene, &session, service, &version);
}

fn approve(scene: &mut Scene<'_>, session: &Session, service: &str, version: &str) {
    let ask = format!("Please release {service} {version} to production.");
    scene.user_says(session, &ask, Some((Tone::Plain, format!("is asked to release {service} {version}"))));
    let auditor = scene.session(&AUDITOR);
    let decision = json!({
        "context": "Production deployment approval",
        "input_factors": ["security_scan_results", "vulnerability_assessment", "compliance_checklist"],
        "decision": "approved_with_conditions", "confidence_score": scene.rng.share(86, 97),
        "reasoning": format!("Security scan of {service} {version} passed"),
        "conditions": ["Additional monitoring for 24 hours"],
    });
    let impact = json!({ "affected_systems": [service, "order_management"], "risk_level": "medium",
        "business_value": "high", "estimated_benefit": "15% performance improvement" });
    let note = (Tone::Good, format!("approves {service} {version} with one condition"));
    scene.audit_entry(&auditor, "agent_decision", "high", (decision, impact), Some(note));
}

fn rollback(scene: &mut Scene<'_>, session: &Session, what: (&str, &str, &str), metadata: &Value) {
    let (service, version, reason) = what;
    let advisor = scene.session(&ADVISOR);
    let act =
        Act::external("api_call", "https://grafana.internal/api/error-rate", json!({ "service": service }))
            .result(json!({ "status_code": 200, "error_rate_percent": 4.8, "baseline_percent": 0.9 }))
            .took(310);
    scene.act(&advisor, act);
    let sure = scene.rng.share(80, 96);
    let options = [
        ("rollback", "Error rate 5x baseline, affecting 15% of users", sure),
        ("hotfix", "The cause is known, the fix is small", 0.6),
        ("monitor", "Errors may be transient", 0.2),
    ];
    let question = format!("Should {service} {version} be rolled back?");
    let act = Act::decision("rollback_recommendation", &question, &options).took(2600).tokens(8_400, 720);
    let percent = sure * 100.0;
    scene.act(
        &advisor,
        act.note(Tone::Odd, format!("decides: roll back {service} ({reason}), {percent:.0} % sure")),
    );
    let act = Act::bash(&format!("kubectl rollout undo deployment/{service} -n production"), "Roll back")
        .prints(&format!("deployment.apps/{service} rolled back"))
        .took(3900)
        .touches("kubernetes_namespace", "production")
        .admin()
        .with("metadata", metadata.clone());
    scene.act(session, act.note(Tone::Good, format!("rolls {service} back … succeeded")));
    let status =
        Act::bash(&format!("kubectl rollout status deployment/{service} -n production"), "Wait for it");
    let output = format!("deployment \"{service}\" successfully rolled out");
    scene.act(session, status.prints(&output).took(2700));
}

fn incident(scene: &mut Scene<'_>, session: &Session, service: &str, version: &str) {
    let title = format!("Incident: {service} {version} rolled back");
    let message = Message {
        subject: &title,
        content: "Customers saw errors for about two minutes. The earlier version serves again.",
        priority: "critical",
        stage: "incident",
        attachments: &["rollout.log", "timeline.md"],
        answer: None,
    };
    let note = (Tone::Odd, format!("reports an incident: {service} {version} rolled back"));
    scene.message(session, &ONCALL, &message, Some(note));
    let oncall = scene.session(&ONCALL);
    let (input, output) = (json!({ "service": service }), json!({ "status": "completed", "minutes": 2 }));
    let description = format!("{service} is healthy again");
    scene.log(&oncall, "emergency_response", "critical", &description, (input, output), None);
}

fn request(ip: &str, agent: &str, session: Option<&str>) -> Value {
    json!({ "ip": ip, "userAgent": agent, "sessionId": session })
}

/// Somebody guesses a password, an agent reaches for what it may not read, and a role grows.
pub(super) fn logins(scene: &mut Scene<'_>) {
    let victim = *scene.rng.pick(&USERS);
    // Addresses that RFC 5737 sets aside for documentation.
    let attacker = format!("198.51.100.{}", scene.rng.between(2, 250));
    let tries = scene.rng.between(6, 9);
    for number in 1..=tries {
        scene.wait(700, 1800);
        let reason = "bad_password";
        let entry = json!({ "action": "USER_LOGIN_FAILED", "entityType": "user", "entityId": victim,
            "userId": null, "severity": "warning", "details": { "reason": reason, "attempt": number },
            "request": request(&attacker, "curl/8.5.0", None) });
        let note =
            (number == 5).then(|| (Tone::Odd, format!("refuses the 5th login of {victim} from {attacker}")));
        scene.trail(entry, note);
    }
    scene.wait(200, 500);
    let entry = json!({ "action": "USER_LOCKED_OUT", "entityType": "user", "entityId": victim,
        "userId": victim, "severity": "critical", "details": { "failed_attempts": tries, "minutes": 15 },
        "request": request(&attacker, "curl/8.5.0", None) });
    scene.trail(entry, Some((Tone::Bad, format!("locks {victim} out after {tries} failed logins"))));
    denied(scene);
    let admin = *scene.rng.pick(&USERS);
    scene.wait(1500, 4000);
    let web = scene.rng.uuid(scene.at_us());
    let office = request("203.0.113.9", "Mozilla/5.0", Some(&web));
    let entry = json!({ "action": "USER_LOGIN", "entityType": "user", "entityId": admin, "userId": admin,
        "severity": "info", "details": { "method": "sso", "two_factor": true }, "request": office.clone() });
    scene.trail(entry, None);
    scene.wait(1500, 4000);
    let entry = json!({ "action": "USER_ROLE_CHANGED", "entityType": "user", "entityId": victim,
        "userId": admin, "severity": "critical",
        "changes": { "role": { "before": "viewer", "after": "admin" } },
        "details": { "escalation": true }, "request": office });
    scene.trail(entry, Some((Tone::Odd, format!("{admin} makes {victim} an administrator"))));
    let auditor = scene.session(&AUDITOR);
    let sure = scene.rng.share(77, 94);
    let options = [
        ("require_second_factor", "Guessing from one address, then a new role", sure),
        ("ignore", "The user may have forgotten the password", 0.15),
    ];
    let question = format!("Is the account {victim} under attack?");
    let act = Act::decision("security_decision", &question, &options).took(2300).sensitive();
    scene.act(&auditor, act.note(Tone::Plain, format!("requires a second factor of {victim}")));
}

/// An agent asks for a table that it may not read.
fn denied(scene: &mut Scene<'_>) {
    let session = scene.session(&ETL);
    let table = *scene.rng.pick(&["payroll.salaries", "hr.reviews", "vault.cards"]);
    let preview = format!("SELECT * FROM {table} LIMIT 100");
    let act =
        Act::skill("postgres", "query", json!({ "query_preview": preview, "tables_accessed": [table] }))
            .fails("AccessDenied", &format!("permission denied for table {table}"))
            .took(12)
            .touches("database_table", table)
            .sensitive();
    scene.act(&session, act.note(Tone::Bad, format!("asks for {table} … access denied")));
    let entry = json!({ "action": "ACCESS_DENIED", "entityType": "table", "entityId": table,
        "severity": "warning", "userId": "system", "resourceName": table,
        "details": { "role": "etl_reader", "agent": ETL.id },
        "request": request("10.20.4.17", "etl-runner/2.0.7", Some(&session.id)) });
    scene.trail(entry, None);
}

/// Orders come out worse and worse, one is reverted, and the trader is paused.
pub(super) fn slippage(scene: &mut Scene<'_>) {
    let session = scene.session(&MAKER);
    let symbol = *scene.rng.pick(&["ETH-USD", "SOL-USD"]);
    for (slip_bp, status) in
        [(8, "filled"), (35, "filled"), (90, "filled"), (210, "filled"), (340, "reverted")]
    {
        let price = scene.price(symbol);
        predict(scene, &session, symbol, price);
        let slip = (slip_bp + scene.rng.between(-4, 12)) as f64 / 10_000.0;
        let note = match (slip_bp, status) {
            (_, "reverted") => Some((Tone::Bad, format!("{symbol} order … reverted, gas spent"))),
            (90.., _) => {
                Some((Tone::Odd, format!("{symbol} order filled {:.1} % off its price", slip * 100.0)))
            }
            _ => None,
        };
        trade(scene, &session, symbol, (price, slip), status, note);
    }
    let officer = scene.session(&RISK);
    let sure = scene.rng.share(83, 97);
    let options = [
        ("pause_trading", "Slippage grew fourfold within five orders", sure),
        ("halve_order_size", "Smaller orders move the price less", 0.52),
        ("continue", "The market may calm down", 0.11),
    ];
    let question = format!("Should trading of {symbol} go on?");
    let act = Act::decision("trading_halt", &question, &options).took(1700);
    scene.act(&officer, act.note(Tone::Odd, format!("pauses trading of {symbol}")));
    let message = Message {
        subject: "Trading paused",
        content: "Slippage passed two percent. Please do not place orders until the review.",
        priority: "high",
        stage: "risk_review",
        attachments: &["orders.csv"],
        answer: None,
    };
    scene.message(&officer, &MAKER, &message, None);
    for (before, after) in [("active", "paused"), ("paused", "active")] {
        scene.wait(1500, 6000);
        let entry = json!({ "action": "AGENT_UPDATED", "entityType": "agent", "entityId": MAKER.id,
            "userId": officer.user, "resourceName": MAKER.name, "severity": "critical",
            "changes": { "status": { "before": before, "after": after } },
            "details": { "fields_changed": 1, "critical_change": true },
            "request": request("203.0.113.9", "Mozilla/5.0", Some(&officer.id)) });
        scene.trail(entry, Some((Tone::Plain, format!("is {after} by {}", officer.user))));
    }
}
