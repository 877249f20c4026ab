//! Ordinary work outside engineering: security, data, trading and support.

use super::act::{Act, Session};
use super::cast::{ANALYST, BACKEND, RISK};
use super::scene::{Message, Scene, cents};
use serde_json::json;

pub(super) fn auditor(scene: &mut Scene<'_>, session: &Session) {
    let act = Act::bash("cargo audit --quiet", "Look for known vulnerabilities")
        .prints("0 vulnerabilities found, 412 crates checked")
        .took(scene.rng.around(2600));
    scene.act(session, act);
    let patterns = ["unsafe ", "eval\\(", "SELECT .* \\+", "verify=False"];
    let pattern = *scene.rng.pick(&patterns);
    let act = Act::tool("Grep", json!({ "pattern": pattern, "path": "." }))
        .result(json!({ "matches": scene.rng.between(0, 4), "files": ["src/ffi.rs"] }))
        .took(scene.rng.around(90));
    scene.act(session, act);
    let act = Act::skill(
        "postgres",
        "query",
        json!({ "query_preview": "SELECT grantee, privilege_type FROM grants",
        "tables_accessed": ["role_table_grants"] }),
    )
    .result(json!({ "rows_returned": scene.rng.between(20, 60) }))
    .took(scene.rng.around(70))
    .touches("database_table", "information_schema.role_table_grants")
    .sensitive();
    scene.act(session, act);
    let confidence = scene.rng.share(80, 98);
    let decision = json!({
        "context": "Quarterly access review", "input_factors": ["grants", "vulnerability_assessment"],
        "decision": "approved_with_conditions", "confidence_score": confidence,
        "reasoning": "Two roles hold grants that they have not used for 90 days",
        "conditions": ["Revoke unused grants within 7 days"],
    });
    let impact = json!({ "affected_systems": ["orders_db", "ledger"], "risk_level": "medium",
        "business_value": "high", "estimated_benefit": "12% fewer standing grants" });
    scene.audit_entry(session, "security_decision", "high", (decision, impact), None);
    let message = Message {
        subject: "Unused grants",
        content: "Two roles of the order service hold grants that nobody uses.",
        priority: "normal",
        stage: "access_review",
        attachments: &["grants.csv"],
        answer: None,
    };
    scene.message(session, &BACKEND, &message, None);
}

pub(super) fn etl(scene: &mut Scene<'_>, session: &Session) {
    let run = format!("wf-{}", scene.rng.hex(8));
    let step = |stage: &str, step: &str| {
        json!({ "id": run, "task_id": "nightly-orders", "step": step, "workflow_stage": stage,
            "blocking": false })
    };
    let start = Act::new("workflow", "workflow_started", json!({ "name": "orders to warehouse" }));
    scene.act(session, start.status("running").with("workflow", step("start", "start")));
    for (name, table) in [("extract", "orders"), ("clean", "order_lines"), ("load", "fact_orders")] {
        let rows = scene.rng.between(2_000, 48_000);
        let preview = format!("INSERT INTO staging.{table} SELECT … FROM {table}");
        let parameters = json!({ "query_preview": preview, "tables_accessed": [table] });
        let act = Act::skill("postgres", "execute", parameters)
            .result(json!({ "rows_affected": rows }))
            .took(scene.rng.around(820))
            .touches("database_table", &format!("public.{table}"))
            .writes()
            .with("workflow", step(name, table));
        scene.act(session, act);
        let done = if scene.rng.chance(93) {
            Act::new("workflow", "step_finished", json!({ "step": name, "rows": rows }))
        } else {
            Act::new("workflow", "step_finished", json!({ "step": name, "rows": rows }))
                .fails("ValidationError", "17 rows without currency were set aside")
        };
        scene.act_now(session, done.took(3).with("workflow", step(name, table)));
    }
    let score = scene.rng.between(84, 100);
    let quality = json!({ "metric": "data_quality", "value": score, "unit": "percent" });
    scene.act(session, Act::new("metric", "data_quality", quality));
    let end = Act::new("workflow", "workflow_finished", json!({ "name": "orders to warehouse" }));
    scene.act(session, end.with("workflow", step("end", "end")));
}

pub(super) fn analyst(scene: &mut Scene<'_>, session: &Session) {
    scene.user_says(session, "How did checkout conversion move after the last release?", None);
    let recall = Act::new(
        "memory",
        "memory_retrieve",
        json!({ "tier": "episodic", "query": "checkout conversion",
        "top_k": 5 }),
    );
    let found = json!({ "found": scene.rng.between(0, 5), "cache_hit": scene.rng.chance(80) });
    let took = scene.rng.around(38);
    scene.act(session, recall.result(found).took(took));
    for table in ["sessions", "orders", "experiments"] {
        let preview = format!("SELECT date_trunc('day', at), count(*) FROM {table} GROUP BY 1");
        let act =
            Act::skill("postgres", "query", json!({ "query_preview": preview, "tables_accessed": [table] }))
                .result(json!({ "rows_returned": scene.rng.between(7, 90) }))
                .took(scene.rng.around(310))
                .touches("database_table", &format!("analytics.{table}"));
        scene.act(session, act);
    }
    let act =
        Act::tool("Write", json!({ "file_path": "/srv/reports/conversion.md", "content": "# Conversion\n" }))
            .result(json!({ "bytes": scene.rng.between(900, 4000) }))
            .took(9)
            .tokens(scene.rng.around(9000), scene.rng.around(1400))
            .writes();
    scene.act(session, act);
    let store =
        Act::new("memory", "memory_store", json!({ "tier": "semantic", "key": "conversion after release" }));
    let stored =
        if scene.rng.chance(97) { store } else { store.fails("Timeout", "the vector index did not answer") };
    scene.act(session, stored.took(44));
    if scene.rng.chance(60) {
        let rating = json!({ "rating": scene.rng.between(3, 5), "scale": 5, "comment": "clear, thank you" });
        scene.act(session, Act::new("communication", "user_rating", rating));
    }
}

pub(super) fn trader(scene: &mut Scene<'_>, session: &Session) {
    for _ in 0..scene.rng.between(3, 5) {
        let symbol = *scene.rng.pick(&["ETH-USD", "ETH-USD", "BTC-USD", "SOL-USD"]);
        let price = scene.price(symbol);
        predict(scene, session, symbol, price);
        let slip = scene.rng.between(-6, 9) as f64 / 10_000.0;
        let failed = scene.rng.chance(4);
        let status = if failed { "reverted" } else { "filled" };
        trade(scene, session, symbol, (price, slip), status, None);
    }
}

/// A model's prediction with the explanation that a regulator would ask for.
pub(super) fn predict(scene: &mut Scene<'_>, session: &Session, symbol: &str, price: f64) {
    let closes: Vec<f64> = (0..3).map(|_| scene.price(symbol)).collect();
    let volumes: Vec<i64> = (0..3).map(|_| scene.rng.around(1200)).collect();
    let (close, volume) =
        (scene.rng.between(-90, 140) as f64 / 10.0, scene.rng.between(-30, 60) as f64 / 10.0);
    let body = json!({
        "model_id": "price_predictor_v1",
        "input_data": { "symbol": symbol, "close": closes, "volume": volumes },
        "prediction": cents(price + close + volume), "confidence": scene.rng.share(55, 93),
        "explanation": { "method": "shap", "base_value": price,
            "values": { "close_t-1": close, "volume_t-1": volume, "volatility": 0.4 } },
        "duration_ms": scene.rng.around(35),
    });
    scene.raw(session, body, None);
}

/// A trade: what was expected, and how far off it came out.
pub(super) fn trade(
    scene: &mut Scene<'_>,
    session: &Session,
    symbol: &str,
    (expected, slip): (f64, f64),
    status: &str,
    note: Option<(super::act::Tone, String)>,
) {
    let order = format!("0x{}", scene.rng.hex(10));
    let body = json!({
        "order_id": order, "symbol": symbol, "side": scene.rng.pick(&["buy", "sell"]),
        "quantity": scene.rng.between(1, 80) as f64 / 10.0, "expected_price": expected,
        "execution_price": cents(expected * (1.0 + slip)), "gas_used": scene.rng.around(150_000),
        "status": status, "duration_ms": scene.rng.around(900),
    });
    scene.raw(session, body, note);
}

pub(super) fn risk(scene: &mut Scene<'_>, session: &Session) {
    let act = Act::skill(
        "postgres",
        "query",
        json!({ "query_preview": "SELECT symbol, sum(quantity) FROM positions",
        "tables_accessed": ["positions"] }),
    )
    .result(json!({ "rows_returned": 3 }))
    .took(scene.rng.around(60))
    .touches("database_table", "trading.positions");
    scene.act(session, act);
    let exposure = scene.rng.between(48, 88);
    let metric = json!({ "metric": "portfolio_risk", "value": exposure, "unit": "percent" });
    scene.act(session, Act::new("metric", "portfolio_risk", metric));
    let act = Act::external("api_call", "https://api.exchange.example/v2/ticker", json!({ "symbols": 3 }))
        .result(json!({ "status_code": 200 }))
        .took(scene.rng.around(190));
    let act = if scene.rng.chance(95) { act } else { act.fails("RateLimited", "429 from the exchange") };
    scene.act(session, act);
    let (keep, reduce) = (scene.rng.share(60, 92), scene.rng.share(12, 45));
    let options = [
        ("keep", "Exposure is within the mandate", keep),
        ("reduce", "Volatility rose over the last hour", reduce),
    ];
    scene.act(session, Act::decision("exposure_check", "Should positions be reduced?", &options).took(1800));
    let (input, output) = (json!({ "exposure_percent": exposure }), json!({ "status": "completed" }));
    scene.log(session, "routine_check", "standard", "Hourly exposure check", (input, output), None);
}

pub(super) fn support(scene: &mut Scene<'_>, session: &Session) {
    let (ask, topic) = *scene.rng.pick(&[
        ("My parcel has not moved for four days.", "shipping"),
        ("I was charged twice for one order.", "billing"),
        ("The app closes when I open my cart.", "bug"),
        ("Can I change the size after ordering?", "orders"),
    ]);
    scene.user_says(session, ask, None);
    let act = Act::skill("helpdesk", "find_similar", json!({ "topic": topic, "limit": 5 }))
        .result(json!({ "tickets": scene.rng.between(0, 5) }))
        .took(scene.rng.around(130));
    scene.act(session, act);
    let act = Act::skill(
        "postgres",
        "query",
        json!({ "query_preview": "SELECT status FROM orders WHERE id = $1",
        "tables_accessed": ["orders"] }),
    )
    .result(json!({ "rows_returned": 1 }))
    .took(scene.rng.around(18))
    .touches("database_table", "public.orders");
    scene.act(session, act);
    let act = Act::external("web_fetch", "https://carrier.example/track", json!({ "timeout_s": 10 }))
        .result(json!({ "status_code": 200 }))
        .took(scene.rng.around(700));
    let act = if scene.rng.chance(94) { act } else { act.fails("Timeout", "no answer within 10 s") };
    scene.act(session, act);
    let sure = scene.rng.share(58, 96);
    let options =
        [("answer", "The knowledge base covers this", sure), ("hand_over", "A person should decide", 0.3)];
    scene.act(session, Act::decision("triage", "Who should answer this ticket?", &options).took(1200));
    let reply = Act::new("communication", "user_communication", json!({ "channel": "chat", "topic": topic }));
    let (input, output) = (scene.rng.around(1800), scene.rng.around(200));
    scene.act(session, reply.result(json!({ "delivered": true })).tokens(input, output));
    if scene.rng.chance(40) {
        let to = if topic == "bug" { &BACKEND } else { &ANALYST };
        let message = Message {
            subject: "Customer report",
            content: ask,
            priority: "normal",
            stage: "triage",
            attachments: &[],
            answer: None,
        };
        scene.message(session, to, &message, None);
    }
    if topic == "billing" && scene.rng.chance(50) {
        let message = Message {
            subject: "Possible double charge",
            content: "A customer reports two charges for one order.",
            priority: "high",
            stage: "billing",
            attachments: &[],
            answer: None,
        };
        scene.message(session, &RISK, &message, None);
    }
}
